using System.Runtime.CompilerServices;
using LeanNats.JetStream.Models;

namespace LeanNats.JetStream;

/// <summary>What an ordered consumer reads and how.</summary>
public sealed record NatsJSOrderedConsumerOpts
{
    /// <summary>The subject; all of the stream's without one.</summary>
    public string? FilterSubject { get; init; }

    /// <summary>Several subjects; servers before 2.10 do not know them.</summary>
    public IReadOnlyList<string>? FilterSubjects { get; init; }

    /// <summary>Where it begins.</summary>
    public ConsumerConfigDeliverPolicy DeliverPolicy { get; init; }

    /// <summary>The first message for <see cref="ConsumerConfigDeliverPolicy.ByStartSequence"/>.</summary>
    public ulong? OptStartSeq { get; init; }

    /// <summary>The first moment for <see cref="ConsumerConfigDeliverPolicy.ByStartTime"/>.</summary>
    public DateTimeOffset? OptStartTime { get; init; }

    /// <summary>True delivers headers alone, with the size of the payload in <c>Nats-Msg-Size</c>.</summary>
    public bool HeadersOnly { get; init; }

    /// <summary>How long the server keeps the consumer while nobody reads.</summary>
    public TimeSpan InactiveThreshold { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How messages are asked for.</summary>
    public NatsJSConsumeOpts ConsumeOpts { get; init; } = new();

    /// <summary>
    /// Called each time the consumer was made anew, after a loss, and found nothing more to read. A reader that waits for the last pending
    /// message learns here that it will not come.
    /// </summary>
    public Action? OnNothingPending { get; init; }
}

/// <summary>Reads a stream in order, each message once, over restarts of the server and lost connections.</summary>
public sealed class NatsJSOrderedConsumer
{
    private readonly NatsJSContext js;
    private readonly string stream;
    private readonly NatsJSOrderedConsumerOpts opts;
    private bool isFresh;
    private ulong? streamSequence;
    private ulong consumerSequence;

    internal NatsJSOrderedConsumer(NatsJSContext js, string stream, NatsJSOrderedConsumerOpts opts) =>
        (this.js, this.stream, this.opts) = (js, stream, opts);

    /// <summary>The consumer as it was made, at first or last.</summary>
    public ConsumerInfo Info { get; private set; } = null!;

    /// <summary>
    /// The messages without an end. Only one enumeration may run; the next one goes on where it was left. Throws
    /// <see cref="NatsJSApiException"/> when the stream is gone, and ends with the connection.
    /// </summary>
    public async IAsyncEnumerable<NatsJSMsg> ConsumeAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var pull = new EndlessPull(js, stream, opts.ConsumeOpts, FindAsync);
        try
        {
            while (true)
            {
                var item = await pull.NextAsync(cancellationToken).ConfigureAwait(false);
                if (IsGap(item))
                {
                    item.Message?.Recycle();
                    await pull.ResetAsync().ConfigureAwait(false);
                }
                else if (item.Message is { } message)
                {
                    consumerSequence = message.Metadata.ConsumerSequence;
                    streamSequence = message.Metadata.StreamSequence;
                    yield return message;
                }
            }
        }
        finally
        {
            await pull.DisposeAsync().ConfigureAwait(false);
            isFresh = false;
            await DeleteAsync().ConfigureAwait(false);
        }
    }

    internal async ValueTask CreateAsync(CancellationToken cancellationToken)
    {
        Info = await js.PutConsumerInfoAsync(stream, Config(), "create", cancellationToken).ConfigureAwait(false);
        consumerSequence = 0;
        if (opts.DeliverPolicy == ConsumerConfigDeliverPolicy.New) streamSequence ??= Info.Delivered.StreamSeq;
        isFresh = true;
    }

    private bool IsGap(in PullItem item) =>
        item.Message is { } message ? message.Metadata.ConsumerSequence != consumerSequence + 1 : item.LastConsumerSequence > consumerSequence;

    /// <summary>The consumer that was just made, or else a new one that begins where reading stopped.</summary>
    private async ValueTask<string> FindAsync(CancellationToken cancellationToken)
    {
        if (!isFresh)
        {
            await DeleteAsync().ConfigureAwait(false);
            await CreateAsync(cancellationToken).ConfigureAwait(false);
            if (Info.NumPending == 0) opts.OnNothingPending?.Invoke();
        }

        isFresh = false;
        return Info.Name;
    }

    private ConsumerConfig Config()
    {
        var config = new ConsumerConfig
        {
            Name = Nuid.Next(),
            // Servers want a filter with this policy, and this one filters nothing.
            FilterSubject = opts is { DeliverPolicy: ConsumerConfigDeliverPolicy.LastPerSubject, FilterSubjects: null } ? opts.FilterSubject ?? ">" : opts.FilterSubject,
            FilterSubjects = opts.FilterSubjects,
            DeliverPolicy = opts.DeliverPolicy,
            OptStartSeq = opts.OptStartSeq,
            OptStartTime = opts.OptStartTime,
            HeadersOnly = opts.HeadersOnly ? true : null,
            AckPolicy = ConsumerConfigAckPolicy.None,
            MaxDeliver = 1,
            MemStorage = true,
            NumReplicas = 1,
            InactiveThreshold = opts.InactiveThreshold,
        };
        return streamSequence is not { } last ? config : config with
        {
            DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartSequence, OptStartSeq = last + 1, OptStartTime = null,
        };
    }

    /// <summary>The server would drop the consumer by itself, only later.</summary>
    private async ValueTask DeleteAsync()
    {
        if (js.Connection.ConnectionState != NatsConnectionState.Open) return;
        try
        {
            await js.Connection.PublishAsync(js.Api($"CONSUMER.DELETE.{stream}.{Info.Name}")).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NatsException or ObjectDisposedException)
        {
            // It goes after its time of inactivity.
        }
    }
}
