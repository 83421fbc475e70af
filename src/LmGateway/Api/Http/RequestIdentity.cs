using LmGateway.Security;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>Gives every request its id, the caller's own if it sent a usable one, and puts it on the reply.</summary>
internal static class RequestIdentity
{
    public const string Header = "x-request-id";

    public static Task AssignAsync(HttpContext context, RequestDelegate next)
    {
        var sent = context.Request.Headers[Header].ToString();
        context.TraceIdentifier = RequestId.IsUsable(sent) ? sent : RequestId.Next();
        context.Response.Headers[Header] = context.TraceIdentifier;
        return next(context);
    }

    /// <summary>What the caller's key grants; null where no key was needed.</summary>
    public static KeyGrant? Grant(this HttpContext context) => context.Identity()?.Grant;

    /// <summary>The reply begins with this status.</summary>
    public static void Replies(this HttpContext context, int status) => context.Identity()?.Reply.Status = status;

    /// <summary>Who calls; null before the security checks. Asking by type saves the framework's generic look-up.</summary>
    private static CallerIdentity? Identity(this HttpContext context) => (CallerIdentity?)context.Features[typeof(CallerIdentity)];

    /// <summary>What travels with a call from here on.</summary>
    public static CallContext Call(this HttpContext context, string api)
    {
        var caller = context.Identity();
        return new CallContext
        {
            RequestId = context.TraceIdentifier,
            Api = api,
            Method = context.Request.Method,
            Path = context.Request.Path.Value,
            Caller = caller?.Name ?? "anonymous",
            Address = caller?.Address,
            Grant = caller?.Grant,
            Reply = caller?.Reply,
        };
    }
}
