using System.Net;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Security;

/// <summary>Who sent a request, as far as the service knows. It stands among the request's features once the checks are passed.</summary>
internal sealed record CallerIdentity
{
    /// <summary>The caller itself, where trusted proxies stand between.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>What the key that was presented grants; null without one.</summary>
    public KeyGrant? Grant { get; init; }

    /// <summary>The name of the key that was presented; null without one.</summary>
    public string? KeyName => Grant?.Name;

    /// <summary>May see what only holders of a key may see: a key was proved, or the service asks for none.</summary>
    public required bool Authenticated { get; init; }

    /// <summary>The name of the caller's key, or its address: what logs, journals and quotas call it.</summary>
    public string Name => KeyName ?? Address.ToString();

    /// <summary>How its request is answered.</summary>
    public CallReply Reply => field ??= new CallReply();

    /// <summary>The caller of a request that has passed the security checks.</summary>
    public static CallerIdentity Of(HttpContext context) =>
        context.Features[typeof(CallerIdentity)] as CallerIdentity ?? throw new InvalidOperationException("The request has not passed the security checks: UseGatewaySecurity is missing or comes too late.");
}
