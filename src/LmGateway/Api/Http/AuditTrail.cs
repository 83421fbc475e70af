using LmGateway.Events;
using LmGateway.Security;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>Puts each request over HTTP that may change models or keys, and how it ended, into the audit file.</summary>
internal sealed class AuditTrail(AuditFile file, HttpDoor door)
{
    public Task FollowAsync(HttpContext context, RequestDelegate next) => Changes(context.Request) ? FollowChangeAsync(context, next) : next(context);

    private async Task FollowChangeAsync(HttpContext context, RequestDelegate next)
    {
        using var visit = door.Enter(context);        // the listener stays until it is written down
        var subject = new AuditSubject();
        context.Features.Set(subject);
        try
        {
            await next(context);
        }
        finally
        {
            await file.WriteAsync(Entry(context, subject));
        }
    }

    private static bool Changes(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && !HttpMethods.IsOptions(request.Method)
        && (RouteScopes.Of(request.Method, request.Path) & (KeyScopes.Admin | KeyScopes.Models)) != KeyScopes.None;

    private static AuditEntry Entry(HttpContext context, AuditSubject subject)
    {
        var caller = context.Features.Get<CallerIdentity>();
        return new AuditEntry("http", context.Request.Path.Value ?? "")
        {
            Method = context.Request.Method,
            Caller = caller?.Name,
            Address = (caller?.Address ?? context.Connection.RemoteIpAddress)?.ToString(),
            Target = subject.Target,
            Status = context.Response.StatusCode,
            Result = subject.Failure is { } code ? EventWords.Of(code) : context.Response.StatusCode < 400 ? "ok" : "failed",
            RequestId = context.TraceIdentifier,
        };
    }
}

/// <summary>What a request that is written down is about, and why it failed.</summary>
internal sealed class AuditSubject
{
    public string? Target { get; set; }

    public ErrorCode? Failure { get; set; }
}

internal static class AuditSubjects
{
    /// <summary>Says what the request is about: a model, an instance, a job, a key.</summary>
    public static void Concerns(this HttpContext context, string? target) => context.Features.Get<AuditSubject>()?.Target = target;

    /// <summary>Says that it failed, which the status of some routes does not tell.</summary>
    public static void Failed(this HttpContext context, GatewayError error) => context.Features.Get<AuditSubject>()?.Failure = error.Code;
}
