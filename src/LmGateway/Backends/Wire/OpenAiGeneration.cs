using LmGateway.Vocabulary;
namespace LmGateway.Backends.Wire;
internal static class OpenAiGeneration { public static IAsyncEnumerable<ChatEvent> RunAsync(IBackend backend, string identifier, ChatRequest request, CancellationToken cancellationToken) => throw new NotSupportedException(); }
