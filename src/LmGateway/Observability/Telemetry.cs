using System.Diagnostics;
using System.Diagnostics.Metrics;
using LmGateway.Events;
using LmGateway.Vocabulary;

namespace LmGateway.Observability;

/// <summary>
/// Requests as spans and measurements in the words of OpenTelemetry's conventions for generative AI. It costs nothing while nobody has asked
/// for them; <see cref="TelemetryExport"/> is who asks.
/// </summary>
internal sealed class Telemetry : IDisposable
{
    public const string Name = "LmGateway";

    private readonly ActivitySource spans = new(Name);
    private readonly Meter meter = new(Name);
    private readonly Histogram<double> duration;
    private readonly Histogram<double> firstToken;
    private readonly Histogram<double> perToken;
    private readonly Histogram<long> tokens;

    public Telemetry()
    {
        duration = meter.CreateHistogram<double>("gen_ai.server.request.duration", "s", "Time of a request.");
        firstToken = meter.CreateHistogram<double>("gen_ai.server.time_to_first_token", "s", "Time to the first piece of a streamed answer.");
        perToken = meter.CreateHistogram<double>("gen_ai.server.time_per_output_token", "s", "Time between two tokens of a streamed answer.");
        tokens = meter.CreateHistogram<long>("gen_ai.client.token.usage", "{token}", "Tokens of a request, by their kind.");
    }

    /// <summary>Begins the span of a request; null where nobody asks for spans.</summary>
    public Activity? Begin(CallContext call, string model)
    {
        if (!spans.HasListeners()) return null;
        var span = spans.StartActivity($"{Operation(call)} {model}", ActivityKind.Server);
        span?.SetTag("gen_ai.operation.name", Operation(call)).SetTag("gen_ai.request.model", model).SetTag("lmgateway.request.id", call.RequestId).SetTag("lmgateway.api", call.Api);
        return span;
    }

    public void End(RequestTrace trace)
    {
        if (trace.Span is { } span) End(span, trace);
        if (!duration.Enabled) return;
        var tags = new TagList
        {
            { "gen_ai.operation.name", Operation(trace.Call) },
            { "gen_ai.provider.name", trace.Backend },
            { "gen_ai.request.model", trace.ModelKey },
            { "gen_ai.response.model", trace.Identifier },
        };
        NoteTokens(trace, tags);
        if (trace.Streamed && trace.FirstPiece is { } first) firstToken.Record(first.TotalSeconds, tags);
        if (trace.Streamed && trace.TimePerToken is { } pause) perToken.Record(pause.TotalSeconds, tags);
        if (ErrorType(trace) is { } error) tags.Add("error.type", error);
        duration.Record(trace.Total.TotalSeconds, tags);
    }

    public void Dispose()
    {
        spans.Dispose();
        meter.Dispose();
    }

    private void NoteTokens(RequestTrace trace, TagList tags)
    {
        if (trace.Usage is not { } usage) return;
        tags.Add("gen_ai.token.type", "input");
        tokens.Record(usage.PromptTokens, tags);
        tags[^1] = new KeyValuePair<string, object?>("gen_ai.token.type", "output");
        tokens.Record(usage.CompletionTokens, tags);
    }

    private static void End(Activity span, RequestTrace trace)
    {
        span.SetTag("gen_ai.provider.name", trace.Backend)
            .SetTag("gen_ai.response.model", trace.Identifier)
            .SetTag("gen_ai.usage.input_tokens", trace.Usage?.PromptTokens)
            .SetTag("gen_ai.usage.output_tokens", trace.Usage?.CompletionTokens)
            .SetTag("lmgateway.queue_ms", trace.Queued.TotalMilliseconds)
            .SetTag("lmgateway.load_ms", trace.Load.TotalMilliseconds);
        if (trace.FinishReason is { } reason) span.SetTag("gen_ai.response.finish_reasons", new[] { reason });
        if (trace.FirstPiece is { } first) span.SetTag("lmgateway.first_token_ms", first.TotalMilliseconds);
        if (ErrorType(trace) is { } error) span.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error, trace.Error?.Message);
        span.Dispose();
    }

    private static string? ErrorType(RequestTrace trace) => trace.State switch
    {
        RequestState.Failed => EventWords.Of(trace.Error?.Code ?? ErrorCode.Internal),
        RequestState.Cancelled => EventWords.Of(ErrorCode.Cancelled),
        _ => null,
    };

    private static string Operation(CallContext call) => call.Path switch
    {
        { } path when path.EndsWith("/embeddings", StringComparison.OrdinalIgnoreCase) => "embeddings",
        { } path when path.EndsWith("/completions", StringComparison.OrdinalIgnoreCase) && !path.EndsWith("/chat/completions", StringComparison.OrdinalIgnoreCase) => "text_completion",
        _ => "chat",
    };
}
