using System.Collections.Concurrent;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>The stored conversations that <c>previous_response_id</c> continues; the oldest are forgotten.</summary>
internal sealed class Conversations
{
    private const int Kept = 1000;

    private readonly ConcurrentDictionary<string, IReadOnlyList<PromptMessage>> _stored = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _order = new();

    public void Store(string id, IEnumerable<PromptMessage> messages)
    {
        _stored[id] = [.. messages];
        _order.Enqueue(id);
        while (_order.Count > Kept && _order.TryDequeue(out var oldest)) _stored.TryRemove(oldest, out _);
    }

    /// <summary>The turns up to and including a stored answer, or null.</summary>
    public IReadOnlyList<PromptMessage>? Find(string id) => _stored.GetValueOrDefault(id);
}
