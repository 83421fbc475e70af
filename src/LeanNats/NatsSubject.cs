using System.Buffers;
using System.Text;

namespace LeanNats;

/// <summary>Which subjects and queue names may go out. A blank in one would silently change the meaning of the line it is written in.</summary>
internal static class NatsSubject
{
    /// <summary>A server takes 4096 bytes in one line by default; the verb and the numbers need the rest.</summary>
    private const int MaxLineBytes = 4000;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create(
        [.. Enumerable.Range(0, 33).Select(code => (char)code), '\u007f']);

    /// <summary>Throws <see cref="ArgumentException"/> for anything but a subject without wildcards.</summary>
    public static void CheckPublish(string subject, string name)
    {
        if (!HasValidTokens(subject, wildcards: false))
            throw new ArgumentException($"'{subject}' is not a subject that can be published to.", name);
    }

    /// <summary>Throws <see cref="ArgumentException"/> for anything but a subject, with or without wildcards.</summary>
    public static void CheckSubscribe(string subject, string name)
    {
        if (!HasValidTokens(subject, wildcards: true))
            throw new ArgumentException($"'{subject}' is not a subject that can be subscribed to.", name);
    }

    /// <summary>Throws <see cref="ArgumentException"/> for a queue name that is empty or holds a blank.</summary>
    public static void CheckQueueGroup(string? queueGroup, string name)
    {
        if (queueGroup is not null && (queueGroup.Length == 0 || queueGroup.AsSpan().ContainsAny(Forbidden)))
            throw new ArgumentException($"'{queueGroup}' is not a queue group.", name);
    }

    /// <summary>Throws <see cref="ArgumentException"/> for what does not fit into a line; the server would close the connection.</summary>
    public static void CheckLength(string subject, string? second, string name)
    {
        if (subject.Length + (second?.Length ?? 0) <= MaxLineBytes / 3) return;
        if (Encoding.UTF8.GetByteCount(subject) + Encoding.UTF8.GetByteCount(second ?? "") > MaxLineBytes)
            throw new ArgumentException("The subject is too long.", name);
    }

    private static bool HasValidTokens(ReadOnlySpan<char> subject, bool wildcards)
    {
        if (subject.IsEmpty || subject[0] == '.' || subject[^1] == '.' || subject.ContainsAny(Forbidden)) return false;
        if (subject.Contains("..", StringComparison.Ordinal)) return false;
        if (!subject.ContainsAny('*', '>')) return true;
        foreach (var range in subject.Split('.'))
        {
            var isRest = subject[range] is ">";
            if (!wildcards && (isRest || subject[range] is "*")) return false;
            if (isRest && range.End.GetOffset(subject.Length) != subject.Length) return false;
        }

        return true;
    }
}
