using System.ComponentModel;
using System.Diagnostics;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Ollama;

/// <summary>The program <c>ollama</c>, whose <c>serve</c> is the server itself.</summary>
internal sealed class OllamaProgram(Uri address, GatewayOptions options) : IServerProgram
{
    private const string Program = "ollama";
    private const string HuggingFace = "hf.co/";

    public ServerWords Words { get; } = new()
    {
        Product = "Ollama",
        NotInstalled = "Ollama is not installed. Please install from https://ollama.com",
        NotRunning = "Ollama is not running. Run init_llm to start it.",
        ModelNotFound = model => $"Model '{model}' not found. Check MODEL_NAME is correct and run init_llm again.",
        AlreadyRunning = "Ollama already running",
        Started = "Started Ollama service",
    };

    public bool IsLocal => address.IsLoopback;

    public string? Find() => options.Ollama.Program is { } given ? File.Exists(given) ? given : null : ProgramPath.Find(Program);

    /// <summary>
    /// The server lives on when this process ends, so it writes to a file of its own: a pipe of ours would break under it, and the standard
    /// output of this process may be a protocol's.
    /// </summary>
    public Task StartServerAsync(CancellationToken cancellationToken)
    {
        var program = Find() ?? throw Failure(Words.NotInstalled);
        try
        {
            using var process = Process.Start(OperatingSystem.IsWindows() ? Windows(program) : Unix(program));
            return Task.CompletedTask;
        }
        catch (Exception fault) when (fault is Win32Exception or IOException or UnauthorizedAccessException)
        {
            throw Failure($"{program} could not be started: {fault.Message}");
        }
    }

    /// <summary>
    /// Ollama takes Hugging Face's models as <c>hf.co/user/repo:quant</c>. A name with an owner and no tag is one of those unless it is said
    /// to be from Ollama's own library.
    /// </summary>
    public IReadOnlyList<string> PullNames(string model, string? source)
    {
        var isHosted = model.StartsWith(HuggingFace, StringComparison.OrdinalIgnoreCase) || model.StartsWith("huggingface.co/", StringComparison.OrdinalIgnoreCase);
        var slash = model.IndexOf('/');
        var isForeign = !isHosted && slash > 0 && (source == "huggingface" || (source is null && !model.Contains(':', StringComparison.Ordinal)));
        return [(isForeign ? HuggingFace + model : model).Replace('@', ':')];
    }

    private ProcessStartInfo Unix(string program)
    {
        // The shell is replaced by the program, so that nothing stands between; a session of its own keeps the terminal's Ctrl+C away where that can be had.
        const string script = """if command -v setsid >/dev/null 2>&1; then exec setsid "$0" serve >>"$1" 2>&1 </dev/null; else exec "$0" serve >>"$1" 2>&1 </dev/null; fi""";
        var start = new ProcessStartInfo("/bin/sh", ["-c", script, program, LogFile()]) { UseShellExecute = false };
        start.Environment["OLLAMA_HOST"] = address.Authority;
        return start;
    }

    private ProcessStartInfo Windows(string program)
    {
        var start = new ProcessStartInfo("cmd.exe", ["/d", "/c", $"\"\"{program}\" serve >>\"{LogFile()}\" 2>&1 <NUL\""]) { UseShellExecute = false, CreateNoWindow = true };
        start.Environment["OLLAMA_HOST"] = address.Authority;
        return start;
    }

    private string LogFile()
    {
        var folder = options.StateDir ?? Path.GetTempPath();
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, "ollama.log");
    }

    private static GatewayException Failure(string message) => new(new GatewayError(ErrorCode.BackendUnreachable, message) { Backend = OllamaBackend.Kind });
}
