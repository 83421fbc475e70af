using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>The model that has to answer a request: by its key, by its instance's identifier, or as a numbered copy that the backend made.</summary>
/// <param name="Asked">What the request calls it.</param>
/// <param name="Key">The model that this means.</param>
/// <param name="Identifier">The instance that was addressed.</param>
internal sealed record AnsweringModel(string Asked, string Key, string Identifier)
{
    /// <summary>Throws <see cref="ErrorCode.ModelNotFound"/> where another model answers. It names no backend, so that nobody sends the request again.</summary>
    public void Verify(string answering)
    {
        if (Same(answering, Key) || Same(answering, Identifier) || answering.StartsWith(Key + ":", StringComparison.OrdinalIgnoreCase)) return;
        throw new GatewayException(new GatewayError(ErrorCode.ModelNotFound, $"Model '{Asked}' is not available. Available models: {answering}") { Parameter = "model", Details = [answering] });
    }

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
