using System.Collections.Concurrent;
using LmGateway.Events;
using LmGateway.Vocabulary;

namespace LmGateway.Observability.Metrics;

/// <summary>How many requests were turned away, by reason: the limit that was reached, or else the error's own word.</summary>
internal sealed class RefusalFigures
{
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);

    /// <summary>Every reason that there was, in the order of the alphabet.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> All => [.. counts.OrderBy(pair => pair.Key, StringComparer.Ordinal)];

    /// <summary>A caller was told this. Counts where it is a refusal, and not a failure of what was asked for.</summary>
    public void Note(GatewayError error)
    {
        if (IsRefusal(error)) counts.AddOrUpdate(error.Limit ?? EventWords.Of(error.Code), 1, static (_, count) => count + 1);
    }

    /// <summary>A caller was cut off by a limit that it could not be told of.</summary>
    public void NoteCut(string limit) => counts.AddOrUpdate(limit, 1, static (_, count) => count + 1);

    private static bool IsRefusal(GatewayError error) => error.Backend is null && error.Code is
        ErrorCode.Unauthorized or ErrorCode.Forbidden or ErrorCode.BodyTooLarge or ErrorCode.UnsupportedMediaType or ErrorCode.HeadersTooLarge
        or ErrorCode.RequestTooSlow or ErrorCode.RateLimited or ErrorCode.QueueFull or ErrorCode.Draining or ErrorCode.Overloaded;
}
