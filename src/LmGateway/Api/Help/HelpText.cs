namespace LmGateway.Api.Help;

/// <summary>What is told about the service as a whole.</summary>
internal static class HelpText
{
    public const string Title = "LmGateway";

    public const string Summary = "One service in front of the programs that run language models on your own machines.";

    /// <summary>Stands for a method where a route takes all of them.</summary>
    public const string EveryMethod = "*";

    public static IReadOnlyList<string> Notes { get; } =
    [
        "OpenAI clients use this service's address with /v1 as their base URL; Anthropic clients and LM Studio's own use the address itself.",
        "Every route with its fields and examples: /openapi.json; the same as a page to try it on: /docs.",
        "What GET gives, HEAD asks for without the body. The method * stands for every method.",
        "Where a key is set, send it as 'X-API-Key: <key>' or 'Authorization: Bearer <key>'.",
    ];
}
