using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>What a reply told on its way through, for the accounts. Written by one reader; whole once the reply has ended.</summary>
internal sealed class ReplyTally(TimeProvider time)
{
    internal TimeProvider Time { get; } = time;

    /// <summary>Null where the backend did not tell.</summary>
    public Usage? Usage { get; internal set; }

    /// <summary>Why the (first) choice ended, in OpenAI's words for its dialects and in the dialect's own otherwise.</summary>
    public string? FinishReason { get; internal set; }

    /// <summary>The model that answered, as the backend names it.</summary>
    public string? Model { get; internal set; }

    /// <summary>Events that carried data.</summary>
    public int Events { get; internal set; }

    /// <summary>The time provider's timestamp of the first text, reasoning or tool call; null before it.</summary>
    public long? FirstContentAt { get; private set; }

    internal void NoteContent() => FirstContentAt ??= Time.GetTimestamp();
}
