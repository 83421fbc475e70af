using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;

namespace LmGateway.Serving;

/// <summary>How a request ended.</summary>
internal enum RequestOutcome
{
    Done,
    Failed,
    Cancelled,
}

/// <summary>One line a request, and why it failed where it did.</summary>
internal sealed partial class RequestLog(ILogger<RequestLog> logger)
{
    public void Ended(CallContext call, InstanceId instance, RequestOutcome outcome, RequestTimes times, Usage? usage)
    {
        if (!logger.IsEnabled(LogLevel.Information)) return;
        var tokens = usage is { } counted ? $"{counted.PromptTokens}+{counted.CompletionTokens} tokens" : "tokens not told";
        var first = times.FirstPiece is { } latency ? $"{latency.TotalMilliseconds:0} ms to the first piece" : "no reply";
        LogRequest(call.Api, instance.Backend, instance.Identifier, outcome, times.Total.TotalMilliseconds, first, times.Queued.TotalMilliseconds, times.Load.TotalMilliseconds, tokens, call.Caller, call.RequestId);
    }

    [LoggerMessage(LogLevel.Information, "{Api} {Backend}/{Instance} {Outcome} in {Total:0} ms ({First}, queued {Queued:0} ms, load {Load:0} ms), {Tokens}, {Caller} [{RequestId}]")]
    private partial void LogRequest(string api, string backend, string instance, RequestOutcome outcome, double total, string first, double queued, double load, string tokens, string caller, string requestId);
}
