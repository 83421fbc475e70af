using LmGateway.Observability;
using LmGateway.Scheduling;
using LmGateway.Serving.Dialects;
using LmGateway.Serving.Translation;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>
/// Everything that an answer holds while it is under way: the place on the instance, the backend's reply, the accounts. Disposing it gives
/// the place back, ends the reply where it is not at its end, and closes the request's accounts.
/// </summary>
internal sealed class Delivery(PreparedInference prepared, MendedRequest request, Lease lease, RequestTrace trace, KeyQuotas quotas) : IAsyncDisposable
{
    private ExchangeReply? reply;
    private int disposed;
    private int counted;
    private long replied;

    public PreparedInference Prepared { get; } = prepared;

    public required ReplyTally Tally { get; init; }

    public string Backend => lease.Instance.Backend;

    /// <summary>The request as the backend gets it.</summary>
    public MendedRequest Request { get; } = request;

    /// <summary>The model that has to answer; null where any may.</summary>
    public AnsweringModel? Expected { get; init; }

    public ExchangeReply Reply => reply ?? throw new InvalidOperationException("The backend has not begun to answer.");

    public Exchange Exchange => new()
    {
        Dialect = Prepared.Call.Dialect,
        Method = "POST",
        PathAndQuery = Prepared.Call.PathAndQuery,
        Headers = Prepared.Call.Headers,
        ContentType = Prepared.Call.ContentType,
        Body = Request.Body,
        Streamed = Request.Streamed,
        Verbatim = Prepared.Call.IsNative,
        Timeout = Request.Streamed ? Prepared.Settings.Timeouts.StreamTimeout : Prepared.Settings.RequestTimeout,
        IdleTimeout = Request.Streamed ? Prepared.Settings.Timeouts.StreamIdleTimeout : null,
    };

    public TranslationFrame Frame => new(lease.Identifier, Prepared.Call.Context.RequestId);

    /// <summary>The backend began to answer.</summary>
    public void Begin(ExchangeReply begun) => reply = begun;

    /// <summary>The request as it was followed until now.</summary>
    public RequestTrace Trace => trace;

    /// <summary>A piece of the reply is there: whoever waits behind this request for the model to load need not wait longer.</summary>
    public void NotePiece()
    {
        trace.NotePiece();
        lease.Answered();
    }

    /// <summary>A block goes to the caller.</summary>
    public void NoteBlock(ReadOnlyMemory<byte> block)
    {
        replied += block.Length;
        trace.Bodies?.TakeReply(block.Span);
    }

    /// <summary>The answer is complete.</summary>
    public void Complete() => trace.Complete(Tally.Usage, Tally.FinishReason);

    public void Fail(GatewayError error) => trace.Fail(error, Tally.Usage);

    /// <summary>For a backend that did not count, or was not left to: the prompt where it was taken, and a token for each event.</summary>
    private Usage Estimate() => reply is { Status: < 400 }
        ? new Usage(TokenEstimate.Of(Prepared.Call.Body), Tally.Events > 0 ? Tally.Events : TokenEstimate.OfBytes(replied))
        : default;

    /// <summary>Gives up what it holds and leaves the accounts open, for another attempt.</summary>
    /// <param name="isGone">The backend says that the instance is not there.</param>
    public ValueTask GiveUpAsync(bool isGone)
    {
        if (isGone) lease.Missing();
        return ReleaseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await ReleaseAsync();
        trace.Leave(Tally.Usage);
        if (Prepared.Call.Context.Grant is { CountsTokens: true } && Interlocked.Exchange(ref counted, 1) == 0) quotas.Note(Prepared.Call.Context, Tally.Usage, Estimate);
    }

    private async ValueTask ReleaseAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        if (reply is not null) await reply.DisposeAsync();
        lease.Dispose();
    }
}
