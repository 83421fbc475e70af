using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Observability.Metrics;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;

namespace LmGateway.Observability;

/// <summary>Follows every request for inference, and tells of it: the journal, the log, the events.</summary>
internal sealed partial class RequestWatch(RequestJournal journal, OperationRecord operations, ServiceFigures figures, Telemetry telemetry, EventHub hub, LiveSettings settings, TimeProvider time, ILogger<RequestWatch> logger)
{
    private static readonly EventId RequestEnded = new(1, nameof(RequestEnded));

    internal TimeProvider Time => time;

    internal string Node => settings.Current.Node;

    /// <summary>A request begins. Whoever begins it sees to it that it ends.</summary>
    public RequestTrace Begin(CallContext call, string model, bool streamed)
    {
        var kept = settings.Current.Journal;
        var bodies = kept.Capture ? new CapturedBodies(kept.CaptureBytes) : null;
        var span = telemetry.Begin(call, model);
        var trace = new RequestTrace(this, journal.NextNumber(), call, model, streamed) { Bodies = bodies, Span = span };
        journal.Add(trace);
        if (hub.IsListening) hub.Publish(new InferenceStarted(trace.Subject) { Streamed = streamed });
        return trace;
    }

    internal void TellSent(RequestTrace trace)
    {
        if (logger.IsEnabled(LogLevel.Debug))
            LogSent(trace.ModelKey, trace.Backend, trace.Identifier, trace.Queued.TotalMilliseconds, trace.Load.TotalMilliseconds, trace.Call.RequestId);
    }

    internal void TellFirstPiece(RequestTrace trace)
    {
        if (hub.IsListening) hub.Publish(new InferenceFirstToken(trace.Subject, trace.Times));
        if (logger.IsEnabled(LogLevel.Debug) && trace.FirstPiece is { } latency) LogFirstPiece(latency.TotalMilliseconds, trace.Call.RequestId);
    }

    internal void TellEnded(RequestTrace trace)
    {
        journal.NoteEnd(trace);
        figures.Note(trace);
        telemetry.End(trace);
        if (trace.State != RequestState.Cancelled) operations.Note(trace.State == RequestState.Failed);
        if (hub.IsListening) hub.Publish(EndOf(trace));
        if (logger.IsEnabled(LogLevel.Information)) LogEnd(trace);
    }

    private static GatewayEvent EndOf(RequestTrace trace) => trace.State switch
    {
        RequestState.Done => new InferenceCompleted(trace.Subject, trace.Times) { Usage = trace.Usage, FinishReason = trace.FinishReason },
        RequestState.Failed => new InferenceFailed(trace.Subject, trace.Times, trace.Error),
        _ => new InferenceCancelled(trace.Subject, trace.Times),
    };

    private void LogEnd(RequestTrace trace)
    {
        var line = new RequestLine(trace.Call, trace.Backend ?? "-", trace.Identifier ?? trace.AskedModel, trace.State, trace.Times) { Usage = trace.Usage };
        logger.Log(LogLevel.Information, RequestEnded, line, null, static (line, _) => line.ToString());
        if (trace.Error is { } error) LogFailure(EventWords.Of(error.Code), error.Message, trace.Call.RequestId);
        if (logger.IsEnabled(LogLevel.Debug)) LogProcessing(trace.Upstream.TotalMilliseconds, trace.Generation?.TotalMilliseconds ?? 0, trace.Call.RequestId);
    }

    [LoggerMessage(LogLevel.Information, "It failed with {Code}: {Reason} [{RequestId}]")]
    private partial void LogFailure(string code, string reason, string requestId);

    [LoggerMessage(LogLevel.Debug, "Request sent to {Backend}: {Model} on {Instance}, after {Queued:0} ms in the queue and {Load:0} ms of loading [{RequestId}]")]
    private partial void LogSent(string? model, string? backend, string? instance, double queued, double load, string requestId);

    [LoggerMessage(LogLevel.Debug, "Stream started: first piece after {Milliseconds:0} ms [{RequestId}]")]
    private partial void LogFirstPiece(double milliseconds, string requestId);

    [LoggerMessage(LogLevel.Debug, "Stream ended: the backend took {Upstream:0} ms, {Generation:0} ms of it after the first piece [{RequestId}]")]
    private partial void LogProcessing(double upstream, double generation, string requestId);
}
