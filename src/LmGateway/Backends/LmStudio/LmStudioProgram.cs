using LmGateway.Vocabulary;
using LmStudio.Client;
using LmStudio.Client.Cli;
using LmStudio.Client.Wire;

namespace LmGateway.Backends.LmStudio;

/// <summary>LM Studio's <c>lms</c> program as the one that starts the server: <c>lms server start</c>.</summary>
internal sealed class LmStudioProgram(Uri address, string? path, TimeProvider time) : IServerProgram
{
    private static readonly string[] HuggingFaceHosts = ["hf.co/", "huggingface.co/"];

    private readonly LmsCli lms = new(new LmsCliOptions { Program = path, MayStartLmStudio = true, TimeProvider = time });

    public ServerWords Words { get; } = new()
    {
        Product = "LM Studio",
        NotInstalled = "LM Studio CLI not found. Install from https://lmstudio.ai and enable CLI in settings.",
        NotRunning = "LM Studio server not running. Run init_llm to start it.",
        ModelNotFound = model => $"Model '{model}' not found. Download it in LM Studio or check MODEL_NAME.",
        AlreadyRunning = "LM Studio already running",
        Started = "Started LM Studio service",
    };

    public bool IsLocal => address.IsLoopback;

    public string? Find() => lms.FindProgram();

    /// <summary>It starts LM Studio itself where that does not run, and returns once the server has answered it.</summary>
    public async Task StartServerAsync(CancellationToken cancellationToken)
    {
        try
        {
            await lms.StartServerAsync(new HttpServerSettings { Port = address.Port }, cancellationToken);
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure, "lmstudio", ErrorCode.BackendUnreachable);
        }
    }

    /// <summary>
    /// <c>user/repo</c> is looked for in LM Studio's own catalog first, which asks for no more, and on Hugging Face otherwise. Names there
    /// end in <c>-GGUF</c> as those of the catalog never do.
    /// </summary>
    public IReadOnlyList<string> PullNames(string model, string? source)
    {
        var name = HuggingFaceHosts.FirstOrDefault(host => model.StartsWith(host, StringComparison.OrdinalIgnoreCase)) is { } given ? model[given.Length..] : model;
        var onHuggingFace = $"https://huggingface.co/{name}";
        if (name != model || source == "huggingface" || name.Split('@')[0].EndsWith("-GGUF", StringComparison.OrdinalIgnoreCase)) return [onHuggingFace];
        return name.Contains('/', StringComparison.Ordinal) && !name.Contains("://", StringComparison.Ordinal) ? [name, onHuggingFace] : [name];
    }
}
