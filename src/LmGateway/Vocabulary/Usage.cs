namespace LmGateway.Vocabulary;

/// <summary>Tokens of one request as the backend counted them.</summary>
internal readonly record struct Usage(int PromptTokens, int CompletionTokens)
{
    public int TotalTokens => PromptTokens + CompletionTokens;
}
