using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace LmGateway.Cli.Service;

/// <summary>What the service's refusals and its absence mean to whoever typed a command, and what to do next.</summary>
internal static class ServiceFailures
{
    public static CommandException Unreachable(ServiceLocation location, Exception fault) => new(
        new CommandFailure("no_service", $"The service at {location.Name} does not answer ({Reason(fault)}).")
        {
            Next = "Start it with 'lmgateway serve', or name it with --url.",
            ExitCode = ExitCodes.NoService,
        },
        fault);

    public static CommandException TimedOut(ServiceLocation location, TimeSpan limit) => new(
        "timeout", $"The service at {location.Name} did not answer within {limit.TotalSeconds:0} s.", "See what keeps it with 'lmgateway top', or in its log.");

    public static CommandException BrokenOff(ServiceLocation location) => new(
        "failed", $"The answer of the service at {location.Name} broke off.", "Its log says why; run the command again to go on.");

    public static CommandException Foreign(ServiceLocation location) => new(new CommandFailure("not_lmgateway", $"What answers at {location.Name} is not this service.")
    {
        Next = $"Name the service with --url or {ServiceLocation.UrlVariable}, or start it on another port with 'lmgateway serve --port 8001'.",
        ExitCode = ExitCodes.NoService,
    });

    /// <summary>A reply that is no success.</summary>
    public static CommandException Of(ServiceLocation location, HttpResponseMessage reply, string body)
    {
        if (Read(body) is not { } error) return Foreign(location);
        var message = error.ValueKind == JsonValueKind.String ? error.GetString() : error.Text("message");
        if (message is null) return Foreign(location);
        var details = Read(body, "details") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().Select(item => item.ToString()).ToList() : [];
        return new CommandException(new CommandFailure(CodeOf(reply.StatusCode, error), message) { Details = details, Next = NextStep(reply, location) });
    }

    /// <summary>OpenAI's shape has a code of its own; the admin API's status tells.</summary>
    private static string CodeOf(HttpStatusCode status, JsonElement error) => error.Text("code") ?? status switch
    {
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => "invalid_request",
        HttpStatusCode.Unauthorized => "unauthorized",
        HttpStatusCode.Forbidden => "forbidden",
        HttpStatusCode.NotFound => "not_found",
        HttpStatusCode.Conflict => "conflict",
        HttpStatusCode.TooManyRequests => "rate_limited",
        HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway => "unavailable",
        HttpStatusCode.GatewayTimeout => "timeout",
        HttpStatusCode.InsufficientStorage => "disk_full",
        _ => "failed",
    };

    private static string? NextStep(HttpResponseMessage reply, ServiceLocation location) => reply.StatusCode switch
    {
        HttpStatusCode.Unauthorized when location.Key is null =>
            $"Give its key with {ServiceLocation.KeyVariable} (or GATEWAY_API_KEY, security.api_key, --key); on its machine 'lmgateway keys create NAME --scope models' makes one.",
        HttpStatusCode.Unauthorized => $"The key that was sent is none of its keys. Correct {ServiceLocation.KeyVariable}, GATEWAY_API_KEY, security.api_key or --key.",
        HttpStatusCode.Forbidden when location.Key is not null => "Use a key with the scope for it: 'lmgateway keys create NAME --scope SCOPE' makes one, 'lmgateway keys list' shows what there is.",
        HttpStatusCode.Forbidden => "Call the service under a name that it knows (security.allowed_hosts) and from an address that it lets in (security.ip_allowlist).",
        HttpStatusCode.NotFound when reply.RequestMessage?.RequestUri?.AbsolutePath.Contains("/admin/jobs", StringComparison.Ordinal) == true => "'lmgateway jobs list' shows the jobs.",
        HttpStatusCode.NotFound => "'lmgateway models list' shows what there is.",
        HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway => "'lmgateway status' shows what cannot be reached, 'lmgateway doctor' how to mend it.",
        HttpStatusCode.InsufficientStorage => "Free the space with 'lmgateway models rm MODEL'.",
        _ => null,
    };

    private static JsonElement? Read(string body, string name = "error")
    {
        try
        {
            return JsonElement.Parse(body).Member(name);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Reason(Exception fault) => fault.InnerException is SocketException socket ? socket.Message : fault.Message;
}
