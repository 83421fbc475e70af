using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Tests.Backends.Piped;

/// <summary>A backend behind a pipe of bytes: every call opens a line of its own to the host of the real one.</summary>
internal sealed class PipedBackend : IBackend
{
    private readonly PipeHost host;

    public PipedBackend(IBackend real)
    {
        host = new PipeHost(real);
        (Name, Traits) = (real.Name, PipeJson.Read<BackendTraits>(PipeJson.Write(real.Traits)));
    }

    public string Name { get; }

    public BackendTraits Traits { get; }

    public Task<BackendReport> ReportAsync(CancellationToken cancellationToken) => AskAsync<BackendReport>(PipeCall.Report(), cancellationToken);

    /// <summary>Progress is not carried; nobody here asks for it.</summary>
    public Task<LoadResult> LoadAsync(LoadOrder order, IProgress<double>? progress, CancellationToken cancellationToken) => AskAsync<LoadResult>(PipeCall.Load(order), cancellationToken);

    public Task UnloadAsync(string identifier, CancellationToken cancellationToken) => AskAsync<JsonElement>(PipeCall.Unload(identifier), cancellationToken);

    public async Task<ExchangeReply> ExchangeAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        var line = host.Open();
        try
        {
            await line.WriteAsync(FrameKind.Call, PipeJson.Write(PipeCall.Exchange(exchange)), cancellationToken);
            await SendBodyAsync(line, exchange, cancellationToken);
            var head = await ExpectAsync(line, FrameKind.Result, cancellationToken);
            return new PipedReply(PipeJson.Read<ReplyHead>(head), line);
        }
        catch
        {
            await line.DisposeAsync();
            throw;
        }
    }

    public async IAsyncEnumerable<ChatEvent> GenerateAsync(
        string identifier, ChatRequest request, GenerationLimits limits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var line = host.Open();
        await line.WriteAsync(FrameKind.Call, PipeJson.Write(PipeCall.Generate(identifier, request, limits)), cancellationToken);
        while (await NextAsync(line, cancellationToken) is { } frame) yield return PipeJson.ReadEvent(frame);
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    /// <summary>The next piece's bytes; null at the end. A failure that was told is thrown.</summary>
    internal static async ValueTask<byte[]?> NextAsync(PipeLine line, CancellationToken cancellationToken)
    {
        var (kind, payload) = await line.ReadAsync(cancellationToken) ?? throw new IOException("The line broke off.");
        return kind switch
        {
            FrameKind.End => null,
            FrameKind.Error => throw new GatewayException(PipeJson.Read<GatewayError>(payload)),
            _ => payload,
        };
    }

    private static async Task SendBodyAsync(PipeLine line, Exchange exchange, CancellationToken cancellationToken)
    {
        foreach (var segment in exchange.Body) await line.WriteAsync(FrameKind.Piece, segment, cancellationToken);
        if (exchange.BodyStream is { } stream)
        {
            var buffer = new byte[4096];
            for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;) await line.WriteAsync(FrameKind.Piece, buffer.AsMemory(0, read), cancellationToken);
        }

        await line.WriteAsync(FrameKind.End, default, cancellationToken);
    }

    private static async Task<byte[]> ExpectAsync(PipeLine line, FrameKind expected, CancellationToken cancellationToken)
    {
        var (kind, payload) = await line.ReadAsync(cancellationToken) ?? throw new IOException("The line broke off.");
        if (kind == FrameKind.Error) throw new GatewayException(PipeJson.Read<GatewayError>(payload));
        return kind == expected ? payload : throw new InvalidDataException($"{expected} was expected, not {kind}.");
    }

    private async Task<T> AskAsync<T>(PipeCall call, CancellationToken cancellationToken)
    {
        await using var line = host.Open();
        await line.WriteAsync(FrameKind.Call, PipeJson.Write(call), cancellationToken);
        return PipeJson.Read<T>(await ExpectAsync(line, FrameKind.Result, cancellationToken));
    }

    private sealed class PipedReply(ReplyHead head, PipeLine line) : ExchangeReply
    {
        public override int Status => head.Status;

        public override string? ContentType => head.ContentType;

        public override IReadOnlyList<Header> Headers => head.Headers;

        public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            while (await NextAsync(line, cancellationToken) is { } block) yield return block;
        }

        public override ValueTask DisposeAsync() => line.DisposeAsync();
    }
}
