using LeanNats.JetStream;
using LeanNats.JetStream.Models;

namespace LeanNats.KeyValue;

/// <summary>Settings of a watch. Without any it begins with the last value of each key.</summary>
public sealed record NatsKVWatchOpts
{
    /// <summary>True leaves deletions out.</summary>
    public bool IgnoreDeletes { get; init; }

    /// <summary>True begins with every value that is kept.</summary>
    public bool IncludeHistory { get; init; }

    /// <summary>True begins with what happens from now on.</summary>
    public bool UpdatesOnly { get; init; }

    /// <summary>True delivers no values.</summary>
    public bool MetaOnly { get; init; }

    /// <summary>Begins with this revision, for one who has seen all before it.</summary>
    public ulong? ResumeAtRevision { get; init; }

    /// <summary>
    /// Called once, within the enumeration, when all entries that were there at its beginning were handed out, also when there were none.
    /// </summary>
    public Action? OnInitialDone { get; init; }

    internal NatsJSOrderedConsumerOpts ToConsumer(string subject, Action onNothingPending)
    {
        if ((IncludeHistory ? 1 : 0) + (UpdatesOnly ? 1 : 0) + (ResumeAtRevision is null ? 0 : 1) > 1)
            throw new ArgumentException("A watch begins with the history, with updates, or with a revision.", nameof(subject));
        return new NatsJSOrderedConsumerOpts
        {
            FilterSubject = subject,
            HeadersOnly = MetaOnly,
            DeliverPolicy = this switch
            {
                { UpdatesOnly: true } => ConsumerConfigDeliverPolicy.New,
                { IncludeHistory: true } => ConsumerConfigDeliverPolicy.All,
                { ResumeAtRevision: not null } => ConsumerConfigDeliverPolicy.ByStartSequence,
                _ => ConsumerConfigDeliverPolicy.LastPerSubject,
            },
            OptStartSeq = ResumeAtRevision,
            OnNothingPending = onNothingPending,
        };
    }
}
