namespace LmGateway.Configuration;

/// <summary>Making a model ready from nothing: <c>lmgateway up</c> and the MCP tool <c>init_llm</c>.</summary>
internal sealed record BringUpOptions
{
    public const string Ollama = "ollama";
    public const string LmStudio = "lmstudio";
    public const string Auto = "auto";

    public static IReadOnlyList<string> Backends { get; } = [Ollama, LmStudio, Auto];

    [Setting("bring_up.backend", "The backend that is made ready: ollama, lmstudio, or auto for whichever answers. Where unset, init_llm and get_instructions take ollama, and lmgateway up whichever answers.",
        Aliases = ["BACKEND"], Form = SettingForm.BackendKind, Example = Ollama)]
    public string? Backend { get; init; }

    [Setting("bring_up.model", "The model that init_llm makes ready (unsloth/SmolLM3-3B-128K-GGUF where unset), and that the MCP tools use where a call names none.",
        Aliases = ["MODEL_NAME"], Example = "unsloth/SmolLM3-3B-128K-GGUF")]
    public string? Model { get; init; }

    [Setting("bring_up.model_source", "Where Ollama gets the model: ollama (its library) or huggingface. Where unset, the name tells: user/repo is Hugging Face's.",
        Aliases = ["MODEL_SOURCE"], OneOf = ["ollama", "huggingface"])]
    public string? ModelSource { get; init; }

    [Setting("bring_up.server_seconds", "How long a backend's server may take to answer after it was started.", Min = 1, Max = 3600, Unit = "s")]
    public int ServerSeconds { get; init; } = 60;

    /// <summary>For the MCP tools, whose document has Ollama as the default.</summary>
    public string BackendOrDefault => Backend ?? Ollama;

    public string ModelOrDefault => Model ?? "unsloth/SmolLM3-3B-128K-GGUF";

    /// <summary>The kind of backend that a spelling of its name means: <c>LMStudio</c>, <c>lm-studio</c>, <c>LM_STUDIO</c>; null for no known one.</summary>
    public static string? BackendNamed(string text)
    {
        var plain = string.Concat(text.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
        return Backends.FirstOrDefault(name => name == plain);
    }
}
