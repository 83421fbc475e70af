using System.Buffers;
using System.Collections.Concurrent;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Tests.Backends.Piped;

/// <summary>Serves a backend to the other ends of lines. A caller that hangs up cancels its call.</summary>
internal sealed class PipeHost(IBackend real) : IAsyncDisposable
{
    private readonly ConcurrentBag<Task> calls = [];

    public PipeLine Open()
    {
        var (near, far) = PipeLine.Pair();
        calls.Add(Task.Run(() => ServeAsync(far)));
        return near;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(calls);
        await real.DisposeAsync();
    }

    private async Task ServeAsync(PipeLine line)
    {
        await using (line)
        {
            if (await line.ReadAsync(CancellationToken.None) is not (FrameKind.Call, var json)) return;
            var call = PipeJson.Read<PipeCall>(json);
            var exchange = call.Request is { } asked ? asked with { Body = await BodyAsync(line) } : null;
            using var ending = new CancellationTokenSource();
            var hangUp = WaitForHangUpAsync(line, ending);
            try
            {
                await AnswerAsync(line, call with { Request = exchange }, ending.Token);
            }
            catch (GatewayException failure)
            {
                await line.WriteAsync(FrameKind.Error, PipeJson.Write(failure.Error), CancellationToken.None);
            }
            catch (Exception gone) when (gone is OperationCanceledException or IOException)
            {
                // The caller hung up; there is nobody to tell.
            }

            await hangUp;
        }
    }

    private async Task AnswerAsync(PipeLine line, PipeCall call, CancellationToken cancellationToken)
    {
        switch (call.Method)
        {
            case "report":
                await line.WriteAsync(FrameKind.Result, PipeJson.Write(await real.ReportAsync(cancellationToken)), cancellationToken);
                break;
            case "load":
                await line.WriteAsync(FrameKind.Result, PipeJson.Write(await real.LoadAsync(call.Order!, null, cancellationToken)), cancellationToken);
                break;
            case "unload":
                await real.UnloadAsync(call.Identifier!, cancellationToken);
                await line.WriteAsync(FrameKind.Result, "{}"u8.ToArray(), cancellationToken);
                break;
            case "exchange":
                await using (var reply = await real.ExchangeAsync(call.Request!, cancellationToken))
                {
                    await line.WriteAsync(FrameKind.Result, PipeJson.Write(new ReplyHead(reply.Status, reply.ContentType, reply.Headers)), cancellationToken);
                    await foreach (var block in reply.Blocks(cancellationToken)) await line.WriteAsync(FrameKind.Piece, block, cancellationToken);
                }

                await line.WriteAsync(FrameKind.End, default, cancellationToken);
                break;
            default:
                await foreach (var happened in real.GenerateAsync(call.Identifier!, call.Chat!, call.Limits, cancellationToken))
                    await line.WriteAsync(FrameKind.Piece, PipeJson.WriteEvent(happened), cancellationToken);
                await line.WriteAsync(FrameKind.End, default, cancellationToken);
                break;
        }
    }

    private static async Task<ReadOnlySequence<byte>> BodyAsync(PipeLine line)
    {
        using var body = new MemoryStream();
        while (await line.ReadAsync(CancellationToken.None) is (FrameKind.Piece, var piece)) body.Write(piece);
        return new ReadOnlySequence<byte>(body.ToArray());
    }

    private static async Task WaitForHangUpAsync(PipeLine line, CancellationTokenSource ending)
    {
        if (await line.ReadAsync(CancellationToken.None) is null) await ending.CancelAsync();
    }
}
