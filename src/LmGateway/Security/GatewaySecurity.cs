using System.Net;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LmGateway.Security;

/// <summary>
/// The door that every HTTP request passes: address, <c>Host</c>, origin, key, body type, in this order. It knows no API; what a
/// refusal looks like is left to <c>refuse</c>, which must not clear the headers of the reply.
/// </summary>
internal sealed partial class GatewaySecurity(
    RequestDelegate next,
    MadeFromSettings<SecurityRules> made,
    KeyRing ring,
    StreamTickets tickets,
    Func<HttpContext, GatewayError, Task> refuse,
    ILogger<GatewaySecurity> logger)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var rules = made.Current;
        var address = rules.Clients.Of(context.Connection.RemoteIpAddress, request.Headers["X-Forwarded-For"]);
        var host = request.Headers.Host.ToString();
        var verdict = request.Headers.Origin is { Count: > 0 } origin ? rules.Origins.Judge(origin, host, Administers(request.Path)) : OriginVerdict.Absent;
        CorsHeaders.Write(context, verdict);

        if (!rules.Allowlist.Contains(address)) return RefuseAsync(context, address, Refusal.Address(address));
        if (!IsOurs(rules, host, context.Connection)) return RefuseAsync(context, address, Refusal.Host(host));
        if (HttpMethods.IsOptions(request.Method))
        {
            CorsHeaders.AnswerOptions(context, verdict);
            return Task.CompletedTask;
        }

        if (verdict is OriginVerdict.Refused && NeedsOrigin(request)) return RefuseAsync(context, address, Refusal.Origin(request.Headers.Origin.ToString()));
        var required = ring.Required;
        var grant = required ? ring.GrantOf(request.Headers) ?? ring.Named(tickets.CallerOf(request)) : null;
        if (required && grant is null && NeedsKey(rules, request.Path)) return RefuseAsync(context, address, Refusal.Key());
        context.Features[typeof(CallerIdentity)] = new CallerIdentity { Address = address, Grant = grant, Authenticated = !required || grant is not null };
        if (grant is not null && !grant.Opens(KeyScopes.Admin) && RouteScopes.Of(request.Method, request.Path) is var scope && !grant.Opens(scope)) return RefuseAsync(context, address, Refusal.Scope(grant, scope));
        if (BodyType.Fault(request) is { } fault) return RefuseAsync(context, address, fault);
        return next(context);
    }

    /// <summary>Only an old client on this machine may leave the host out; browsers never do.</summary>
    private static bool IsOurs(SecurityRules rules, string host, ConnectionInfo connection) =>
        host.Length > 0
            ? rules.Hosts.Allows(host, connection.LocalIpAddress)
            : connection.RemoteIpAddress is null || IPAddress.IsLoopback(connection.RemoteIpAddress);

    /// <summary>The pages below /docs are the same for everyone; what they show needs the key.</summary>
    private static bool NeedsKey(SecurityRules rules, PathString path) =>
        !Is(path, "/health/live") && (rules.HealthNeedsKey || !Is(path, "/health")) && !path.StartsWithSegments("/docs", StringComparison.OrdinalIgnoreCase);

    private static bool Is(PathString path, string route)
    {
        var text = path.Value.AsSpan();
        return (text.Length > 1 && text[^1] == '/' ? text[..^1] : text).Equals(route, StringComparison.OrdinalIgnoreCase);
    }

    private static bool Administers(PathString path) =>
        path.StartsWithSegments("/admin", StringComparison.OrdinalIgnoreCase) || path.StartsWithSegments("/debug", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// What a browser lets a foreign page do unasked must be refused here: it withholds the reply, not the deed, and does not
    /// watch over WebSockets at all.
    /// </summary>
    private static bool NeedsOrigin(HttpRequest request) =>
        !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) || request.Headers.Upgrade.Count > 0;

    private Task RefuseAsync(HttpContext context, IPAddress address, GatewayError error)
    {
        if (error.Code is ErrorCode.Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
        if (logger.IsEnabled(LogLevel.Information)) LogRefused(context.Request.Method, context.Request.Path.ToUriComponent(), address, error.Message);
        return refuse(context, error);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Refused {Method} {Path} from {Address}: {Reason}")]
    private partial void LogRefused(string method, string path, IPAddress address, string reason);
}

/// <summary>Puts the door in front of everything that is mapped after it.</summary>
internal static class GatewaySecurityExtensions
{
    /// <summary>Reads the settings (a <see cref="GatewayException"/> lists every fault) and lets <paramref name="refuse"/> answer whoever may not call.</summary>
    public static IApplicationBuilder UseGatewaySecurity(
        this IApplicationBuilder app, LiveSettings settings, Func<HttpContext, GatewayError, Task> refuse)
    {
        var rules = new MadeFromSettings<SecurityRules>(settings, SecurityRules.From);
        var logger = app.ApplicationServices.GetRequiredService<ILogger<GatewaySecurity>>();
        var ring = app.ApplicationServices.GetRequiredService<KeyRing>();
        var tickets = app.ApplicationServices.GetRequiredService<StreamTickets>();
        return app.Use(next => new GatewaySecurity(next, rules, ring, tickets, refuse, logger).InvokeAsync);
    }
}
