using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using LeanNats;
using LeanNats.Services;
using LmGateway.Api.Http;

namespace LmGateway.Api.Nats;

/// <summary>
/// The messages of one stream, numbered without a gap from 0 and sent in order. Until the first piece of the answer comes, and in longer
/// silences later, a sign of life is sent, by which the caller knows that it is worked on and the gateway whether the caller still listens.
/// </summary>
internal sealed class StreamReplies(NatsSvcMsg request, NatsCall call, OpenStream stream, NatsReplies replies, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Waiting = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SemaphoreSlim sending = new(1, 1);
    private readonly ArrayBufferWriter<byte> buffer = new(512);
    private readonly CancellationTokenSource ending = new();
    private readonly long started = time.GetTimestamp();
    private Task signs = Task.CompletedTask;
    private int seq;
    private bool hasChunks;
    private bool spoke;

    /// <summary>The first message: somebody has taken the request. Signs of life follow.</summary>
    public async Task AcknowledgeAsync()
    {
        await SendAsync("ack", writer =>
        {
            writer.WriteString("request_id", call.Context.RequestId);
            writer.WriteString("cancel_subject", stream.CancelSubject);
        }, replies.Headers(call));
        signs = GiveSignsAsync(ending.Token);
    }

    public async Task ChunkAsync(ReadOnlyMemory<byte> chunk)
    {
        Volatile.Write(ref hasChunks, true);
        Volatile.Write(ref spoke, true);
        await SendAsync("chunk", writer =>
        {
            writer.WritePropertyName("chunk");
            writer.WriteRawValue(chunk.Span, skipInputValidation: true);
        });
    }

    /// <summary>The last message of an answer that is complete, and the end of the stream.</summary>
    public async Task FinishAsync(Action<Utf8JsonWriter> summary)
    {
        await BeQuietAsync();
        await SendAsync("done", summary);
        await TerminateAsync();
    }

    /// <summary>The last message of an answer that is not complete, and the end of the stream.</summary>
    public async Task FailAsync(Vocabulary.GatewayError error, string? text = null)
    {
        await BeQuietAsync();
        var number = seq++;
        var answer = NatsAnswer.Failed(error, text, writer =>
        {
            writer.WriteString("type", "error");
            writer.WriteNumber("seq", number);
            writer.WriteString("request_id", call.Context.RequestId);
        });
        await request.ReplyErrorAsync(ErrorStatus.Of(error.Code), NatsErrors.Code(error.Code), answer.ToBytes(replies.Node), replies.Headers(call));
        await TerminateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await BeQuietAsync();
        ending.Dispose();
        sending.Dispose();
    }

    /// <summary>An empty message without headers, as callers that read many replies expect it.</summary>
    private ValueTask TerminateAsync() => request.ReplyAsync();

    private async Task BeQuietAsync()
    {
        await ending.CancelAsync();
        await signs;
    }

    private async Task SendAsync(string type, Action<Utf8JsonWriter> write, NatsHeaders? headers = null)
    {
        await sending.WaitAsync();
        try
        {
            buffer.ResetWrittenCount();
            using (var writer = new Utf8JsonWriter(buffer, Readable))
            {
                NatsAnswer.Ok(data =>
                {
                    data.WriteString("type", type);
                    data.WriteNumber("seq", seq);
                    write(data);
                }).WriteTo(writer, replies.Node);
            }

            seq++;
            await request.ReplyAsync(buffer.WrittenMemory, headers, stream.ProbeSubject);
        }
        finally
        {
            sending.Release();
        }
    }

    private async Task GiveSignsAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Volatile.Read(ref hasChunks) ? Silence : Waiting, time, cancellationToken);
                var state = Volatile.Read(ref hasChunks) ? "generating" : "waiting";
                if (!Volatile.Read(ref spoke))
                {
                    await SendAsync("status", writer =>
                    {
                        writer.WriteString("state", state);
                        writer.WriteNumber("elapsed_ms", (long)time.GetElapsedTime(started).TotalMilliseconds);
                    });
                }

                Volatile.Write(ref spoke, false);
            }
        }
        catch (OperationCanceledException)
        {
            // The stream has ended.
        }
        catch (Exception fault) when (fault is NatsException or ObjectDisposedException)
        {
            // The connection is gone; whoever writes the stream notices by itself.
        }
    }
}
