namespace LmGateway.Configuration;

internal sealed record OllamaOptions
{
    [Setting("ollama.base_url", "Address of Ollama's server. Setting it adds Ollama to the backends where these are not listed.", Aliases = ["OLLAMA_URL"], Form = SettingForm.BaseUrl)]
    public string BaseUrl { get; init; } = "http://127.0.0.1:11434";

    [Setting("ollama.program", "The ollama program, where it is not on the PATH.", Form = SettingForm.Path, Example = "/usr/local/bin/ollama")]
    public string? Program { get; init; }

    /// <summary>For an Ollama behind something that asks for a key; from <c>backend_keys</c>.</summary>
    public string? ApiKey { get; init; }
}
