namespace LmGateway.Vocabulary;

/// <summary>The languages in which a backend takes requests. Bytes pass through unread where caller and backend speak the same one.</summary>
internal enum Dialect
{
    OpenAiChat,
    OpenAiCompletions,
    OpenAiEmbeddings,
    OpenAiResponses,

    /// <summary>Any other path below <c>/v1</c>: images, audio and what is still to come.</summary>
    OpenAiOther,
    AnthropicMessages,
    LmStudioV0,
    LmStudioV1,
}
