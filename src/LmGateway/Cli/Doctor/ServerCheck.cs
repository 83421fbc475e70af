using LmGateway.Backends;
using LmGateway.Backends.Mock;
using LmGateway.Configuration;

namespace LmGateway.Cli.Doctor;

/// <summary>A backend that is not LM Studio: whether it answers and lets the service in.</summary>
internal sealed class ServerCheck(BackendEntry entry, GatewayOptions options, Neighbours neighbours)
{
    public async Task<Finding> RunAsync(CancellationToken cancellationToken) => entry.Kind switch
    {
        BackendEntry.Mock => await MockAsync(cancellationToken),
        BackendEntry.Ollama => await OllamaAsync(new Uri(entry.Url ?? options.Ollama.BaseUrl), cancellationToken),
        _ => await OpenAiAsync(new Uri(entry.Url ?? options.LmStudio.BaseUrl), cancellationToken),
    };

    private async Task<Finding> MockAsync(CancellationToken cancellationToken)
    {
        var folder = options.Inference.MockResponsesDir;
        try
        {
            return await MockLibrary.ReadAsync(folder, cancellationToken) is { } library
                ? Finding.Ok(entry.Name, $"Canned replies from {folder}, for {string.Join(", ", library.Models)}.")
                : new Finding(entry.Name, FindingLevel.Note, "mock_folder_missing", $"There is no folder {folder}; one built-in reply is given.", "Make it, or set inference.mock.responses_dir");
        }
        catch (Exception fault) when (fault is MockFileException or IOException or UnauthorizedAccessException)
        {
            return new Finding(entry.Name, FindingLevel.Problem, "mock_unusable", $"The canned replies cannot be used: {fault.Message}", "Correct that file, or set inference.mock.responses_dir; docs/provider.md shows such a file");
        }
    }

    private async Task<Finding> OllamaAsync(Uri address, CancellationToken cancellationToken)
    {
        var shown = Shown(address);
        var answer = await neighbours.GetAsync(new Uri(address, "/api/version"), entry.KeyAmong(options.BackendKeys), cancellationToken);
        if (answer is { Status: System.Net.HttpStatusCode.OK } && answer.Text.Contains("\"version\"", StringComparison.Ordinal)) return Finding.Ok(entry.Name, $"Ollama answers at {shown}.");
        if (answer is { IsRefusal: true }) return NeedsKey(shown);
        if (answer is not null) return new Finding(entry.Name, FindingLevel.Problem, "ollama_wrong_port", $"What answers at {shown} is not Ollama.", "Set OLLAMA_URL to its address; its own port is 11434");
        if (!address.IsLoopback) return Silent("ollama_unreachable", "Ollama", shown, "There start it with OLLAMA_HOST=0.0.0.0 ollama serve; or correct OLLAMA_URL");
        return ProgramPath.Find("ollama") is null
            ? Silent("ollama_not_installed", "Ollama", shown, "Ollama is not installed here: get it from https://ollama.com, or set OLLAMA_URL to one on another machine", installed: false)
            : Silent("ollama_not_running", "Ollama", shown, "Start it: ollama serve");
    }

    private async Task<Finding> OpenAiAsync(Uri address, CancellationToken cancellationToken)
    {
        var shown = Shown(address);
        var key = entry.KeyAmong(options.BackendKeys) ?? options.Inference.OpenAiApiKey;
        var answer = await neighbours.GetAsync(new Uri($"{shown}/v1/models"), key, cancellationToken);
        if (answer is null)
        {
            return Silent("backend_unreachable", entry.Kind, shown, entry.Kind == BackendEntry.LlamaServer
                ? $"Start it there: llama-server -m MODEL.gguf --port {address.Port}; or correct its address in backends"
                : "Start it, or correct its address");
        }

        if (answer.IsRefusal) return NeedsKey(shown);
        return (int)answer.Status < 300 && answer.Text.Contains("\"data\"", StringComparison.Ordinal)
            ? Finding.Ok(entry.Name, $"{entry.Kind} answers at {shown}.")
            : new Finding(entry.Name, FindingLevel.Problem, "backend_wrong_port", $"What answers at {shown} does not speak OpenAI's API (GET /v1/models gives {(int)answer.Status}).", "Correct its address");
    }

    private Finding NeedsKey(string shown) => new(entry.Name, FindingLevel.Broken, "backend_key_needed", $"{shown} asks for a key, or refuses the one that it gets.", $"Set it: backend_keys: [{entry.Name}=the-key]");

    private Finding Silent(string code, string product, string shown, string fix, bool installed = true) =>
        new(entry.Name, FindingLevel.Problem, code, installed ? $"{product} does not answer at {shown}." : $"Nothing answers at {shown}.", fix);

    private static string Shown(Uri address) => address.ToString().TrimEnd('/');
}
