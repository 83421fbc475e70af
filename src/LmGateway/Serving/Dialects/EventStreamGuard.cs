using LmGateway.Vocabulary;
namespace LmGateway.Serving.Dialects;
internal static class EventStreamGuard { public static IAsyncEnumerable<ReadOnlyMemory<byte>> ApplyAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> blocks, Dialect dialect, string backend, ReplyTally tally, CancellationToken cancellationToken) { _ = (dialect, backend, tally, cancellationToken); return blocks; } }
