using System.Diagnostics;
using System.Globalization;
using LmGateway.Events;
using LmGateway.Vocabulary;

namespace LmGateway.Observability;

/// <summary>How far a request has come.</summary>
internal enum RequestState
{
    /// <summary>It looks for its model, or waits for a place on it or for its load.</summary>
    Waiting,
    /// <summary>The backend has it and has not begun to answer.</summary>
    Sent,
    Streaming,
    Done,
    Failed,
    Cancelled,
}

/// <summary>
/// One request for inference: what it asked for, where it ran, and where its time went. The request itself writes it, one step after another;
/// anybody may read it meanwhile, and sees a request that is a moment old.
/// </summary>
internal sealed class RequestTrace
{
    /// <summary>Characters of <see cref="ServerTiming"/> if each of its times were the longest that there is.</summary>
    private const int LongestTiming = 160;

    private readonly RequestWatch watch;
    private readonly long begun;
    private long sent;
    private long first;
    private long ended;
    private long queued;
    private long load;
    private int state;
    private InferenceSubject? subject;

    internal RequestTrace(RequestWatch watch, long number, CallContext call, string model, bool streamed)
    {
        this.watch = watch;
        (Number, Call, AskedModel, Streamed) = (number, call, model, streamed);
        (StartedAt, begun) = (watch.Time.GetUtcNow(), watch.Time.GetTimestamp());
    }

    /// <summary>Its place in the order in which requests began.</summary>
    public long Number { get; }

    public CallContext Call { get; }

    /// <summary>The model as the request, or what stands in for it, names it.</summary>
    public string AskedModel { get; }

    public bool Streamed { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary>The model that was found, by its key; null before that.</summary>
    public string? ModelKey { get; private set; }

    public string? Backend { get; private set; }

    /// <summary>The instance that runs it; null before it has a place.</summary>
    public string? Identifier { get; private set; }

    public RequestState State => (RequestState)Volatile.Read(ref state);

    public bool HasEnded => State >= RequestState.Done;

    /// <summary>The status of the reply; null before it has begun, and where the API has none.</summary>
    public int? Status => Call.Reply?.Status;

    /// <summary>Why it failed.</summary>
    public GatewayError? Error { get; private set; }

    /// <summary>As the backend counted; null where it did not tell, or not yet.</summary>
    public Usage? Usage { get; private set; }

    public string? FinishReason { get; private set; }

    /// <summary>What was asked and answered, where that is kept.</summary>
    public CapturedBodies? Bodies { get; init; }

    /// <summary>What it holds of the service while it is under way; given back when it ends.</summary>
    public IDisposable? Place { get; set; }

    /// <summary>Its span, where somebody asks for spans.</summary>
    internal Activity? Span { get; init; }

    public TimeSpan Queued => TimeSpan.FromTicks(Volatile.Read(ref queued));

    public TimeSpan Load => TimeSpan.FromTicks(Volatile.Read(ref load));

    /// <summary>From its beginning to its end, or until now.</summary>
    public TimeSpan Total => Since(begun, Until);

    /// <summary>From sending it to the first piece of the answer; null before it.</summary>
    public TimeSpan? FirstPiece => Volatile.Read(ref first) is var at and not 0 ? Since(sent, at) : null;

    /// <summary>From the first piece to the end, or until now; null before the first piece.</summary>
    public TimeSpan? Generation => Volatile.Read(ref first) is var at and not 0 ? Since(at, Until) : null;

    /// <summary>What the backend took, from sending the request to the end, or until now; zero before it was sent.</summary>
    public TimeSpan Upstream => UpstreamAt(Until);

    /// <summary>Tokens of the answer in the time that they took to make; null where either is not known.</summary>
    public double? TokensPerSecond =>
        Usage is { CompletionTokens: > 0 and var tokens } && (Streamed ? Generation : Upstream) is { TotalSeconds: > 0 and var seconds } ? tokens / seconds : null;

    /// <summary>What is neither queue, nor load, nor backend.</summary>
    public TimeSpan Overhead => OverheadAt(Until);

    /// <summary>The pause between two tokens of a stream, on the average; null where that is not known.</summary>
    public TimeSpan? TimePerToken => Usage is { CompletionTokens: > 1 and var tokens } && Generation is { } generation ? generation / (tokens - 1) : null;

    public InferenceTimes Times => new(Total, Queued, Load, FirstPiece);

    /// <summary>How the time until now splits, in milliseconds, in the words of the <c>Server-Timing</c> header.</summary>
    public string ServerTiming
    {
        get
        {
            var until = Until;
            Span<char> text = stackalloc char[LongestTiming];
            var rest = text;
            Append(ref rest, "total;dur=", Since(begun, until));
            Append(ref rest, ", queue;dur=", Queued);
            Append(ref rest, ", load;dur=", Load);
            Append(ref rest, ", upstream;dur=", UpstreamAt(until));
            Append(ref rest, ", gateway;dur=", OverheadAt(until));
            return new string(text[..^rest.Length]);
        }
    }

    /// <summary>Milliseconds with three decimals, made from whole microseconds: a tenth of the cost of formatting a double.</summary>
    private static void Append(ref Span<char> rest, ReadOnlySpan<char> name, TimeSpan time)
    {
        var (milliseconds, microseconds) = Math.DivRem(Math.Max(0, time.Ticks / TimeSpan.TicksPerMicrosecond), 1000);
        name.CopyTo(rest);
        milliseconds.TryFormat(rest[name.Length..], out var digits, default, CultureInfo.InvariantCulture);
        var point = name.Length + digits;
        rest[point] = '.';
        for (var place = point + 3; place > point; place--) (microseconds, rest[place]) = (microseconds / 10, (char)('0' + (microseconds % 10)));
        rest = rest[(point + 4)..];
    }

    /// <summary>What events call it.</summary>
    public InferenceSubject Subject => subject ??= new InferenceSubject(Call, ModelKey ?? AskedModel)
    {
        Instance = Identifier is { } identifier && Backend is { } backend ? new InstanceId(watch.Node, backend, identifier) : null,
    };

    /// <summary>The name was found to mean this model.</summary>
    public void Found(string backend, string modelKey) => (Backend, ModelKey, subject) = (backend, modelKey, null);

    /// <summary>It has its place and goes out now.</summary>
    public void Admitted(string identifier, TimeSpan queueTime, TimeSpan loadTime)
    {
        (Identifier, subject) = (identifier, null);
        Volatile.Write(ref queued, queued + queueTime.Ticks);
        Volatile.Write(ref load, load + loadTime.Ticks);
        Volatile.Write(ref sent, watch.Time.GetTimestamp());
        Volatile.Write(ref state, (int)RequestState.Sent);
        watch.TellSent(this);
    }

    /// <summary>A piece of the answer is there. Only the first one counts.</summary>
    public void NotePiece()
    {
        if (first != 0) return;
        Volatile.Write(ref first, watch.Time.GetTimestamp());
        Volatile.Write(ref state, (int)RequestState.Streaming);
        watch.TellFirstPiece(this);
    }

    /// <summary>The answer is complete.</summary>
    public void Complete(Usage? usage, string? finishReason) => End(RequestState.Done, null, usage, finishReason);

    /// <summary>It failed; later words about its end count for nothing.</summary>
    public void Fail(GatewayError error, Usage? usage = null) => End(RequestState.Failed, error, usage, null);

    /// <summary>The caller has gone, unless the request has ended already.</summary>
    public void Leave(Usage? usage = null) => End(RequestState.Cancelled, null, usage, null);

    /// <summary>It ended by an exception: a failure, a cancellation, or a defect of the gateway.</summary>
    public void End(Exception fault)
    {
        if (fault is GatewayException failure) Fail(failure.Error);
        else if (fault is OperationCanceledException) Leave();
        else Fail(new GatewayError(ErrorCode.Internal, $"The gateway failed on this request: {fault.GetType().Name}."));
    }

    private void End(RequestState how, GatewayError? error, Usage? usage, string? finishReason)
    {
        if (HasEnded) return;
        (Error, Usage, FinishReason) = (error, usage, finishReason);
        Volatile.Write(ref ended, watch.Time.GetTimestamp());
        Volatile.Write(ref state, (int)how);
        Place?.Dispose();
        watch.TellEnded(this);
    }

    /// <summary>The point of the clock at which it ended, or now.</summary>
    private long Until => Volatile.Read(ref ended) is var at and not 0 ? at : watch.Time.GetTimestamp();

    private TimeSpan UpstreamAt(long until) => Volatile.Read(ref sent) is var at and not 0 && at < until ? Since(at, until) : TimeSpan.Zero;

    private TimeSpan OverheadAt(long until) => Since(begun, until) - Queued - Load - UpstreamAt(until) is var own && own > TimeSpan.Zero ? own : TimeSpan.Zero;

    private TimeSpan Since(long from, long until) => watch.Time.GetElapsedTime(from, until);
}
