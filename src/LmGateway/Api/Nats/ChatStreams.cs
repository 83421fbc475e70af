using LeanNats;
using LeanNats.Services;
using LmGateway.Api.Http;
using LmGateway.Observability.Metrics;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;

namespace LmGateway.Api.Nats;

/// <summary>
/// <c>lmstudio.chat_stream</c>: an acknowledgement, signs of life while it waits, the chunks as they come, a last message with the usage, and an
/// empty message as the end. A caller that unsubscribes, or that sends a message to the cancel subject, ends the generation.
/// </summary>
internal sealed partial class ChatStreams(
    InferencePipeline pipeline, ModelInference inference, NatsCallers callers, RequestGate gate, OpenStreams streams, RefusalFigures refusals, ShutdownLimit shutdown, NatsReplies sent, TimeProvider time, ILogger<ChatStreams> logger)
{
    public const string Name = "chat_stream";

    public async ValueTask HandleAsync(NatsSvcMsg request, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.ReplyTo)) return;
        var call = callers.Read(request, KeyScopes.Inference, Name);
        using var stream = streams.Open();
        await using var replies = new StreamReplies(request, call, stream, sent, time);
        using var limit = new CancellationTokenSource(call.Patience ?? Timeout.InfiniteTimeSpan, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stream.Token, limit.Token, shutdown.Token, cancellationToken);
        try
        {
            if (await FailureAsync(call, replies, ending.Token) is not { } fault) return;
            if (stream.IsDeserted) return;
            var error = fault is OperationCanceledException ? WhyEnded(call, stream, limit) : ErrorOf(fault, call);
            call.Context.Reply?.Status = ErrorStatus.Of(error.Code);
            await replies.FailAsync(error);
        }
        catch (Exception fault) when (fault is NatsException or ObjectDisposedException)
        {
            LogBroken(fault.Message, call.Context.RequestId);
        }
    }

    /// <summary>Runs the stream to its end; what broke it, if something did.</summary>
    private async Task<Exception?> FailureAsync(NatsCall call, StreamReplies replies, CancellationToken cancellationToken)
    {
        try
        {
            if (call.Fault is { } wrong) throw new GatewayException(wrong);
            using var place = gate.Enter(isInference: true, call.Body.Length);
            var prepared = inference.PrepareStream(call);
            call.Context.Reply?.Status = 200;
            await replies.AcknowledgeAsync();
            await RunAsync(prepared, replies, cancellationToken);
            return null;
        }
        catch (Exception fault)
        {
            return fault;
        }
    }

    private async Task RunAsync(PreparedInference prepared, StreamReplies replies, CancellationToken cancellationToken)
    {
        await using var answer = await pipeline.StartAsync(prepared, cancellationToken);
        if (!answer.Streamed) throw new GatewayException(await answer.ReadRefusalAsync(cancellationToken));
        var chunks = new ChatChunks();
        await foreach (var block in answer.Blocks(cancellationToken))
            foreach (var chunk in chunks.Of(block)) await replies.ChunkAsync(chunk);
        await replies.FinishAsync(chunks.Summarise);
    }

    private static GatewayError WhyEnded(NatsCall call, OpenStream stream, CancellationTokenSource limit) =>
        stream.IsCancelled ? new GatewayError(ErrorCode.Cancelled, "The stream was cancelled.")
        : limit.IsCancellationRequested ? NatsRequests.OutOfTime(call.Patience ?? default)
        : ShutdownLimit.Passed;

    private GatewayError ErrorOf(Exception fault, NatsCall call)
    {
        if (fault is GatewayException known)
        {
            refusals.Note(known.Error);
            return known.Error;
        }

        if (fault is NatsException broken) return new GatewayError(ErrorCode.BackendFault, $"The stream broke off: {broken.Message}");
        LogDefect(call.Context.RequestId, fault);
        return new GatewayError(ErrorCode.Internal, "The gateway failed. Its log says why, under this request's id.");
    }

    [LoggerMessage(LogLevel.Warning, "The end of a stream could not be sent: {Reason} [{RequestId}]")]
    private partial void LogBroken(string reason, string requestId);

    [LoggerMessage(LogLevel.Error, "lmstudio.chat_stream failed [{RequestId}]")]
    private partial void LogDefect(string requestId, Exception defect);
}
