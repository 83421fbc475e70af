namespace LmGateway.Backends;

/// <summary>
/// The program on this machine that starts a backend's server: <c>lms</c> for LM Studio, <c>ollama</c> for Ollama. It is needed only for
/// what a running server cannot do for itself.
/// </summary>
internal interface IServerProgram
{
    /// <summary>What people read when a step is missing.</summary>
    ServerWords Words { get; }

    /// <summary>The server's address belongs to this machine, so that it can be started from here.</summary>
    bool IsLocal { get; }

    /// <summary>The program's path, looked for where <c>which</c> (<c>where</c> on Windows) looks; null where it is not installed. Runs nothing.</summary>
    string? Find();

    /// <summary>
    /// Tells the server to start. Whether it answers is for the caller to see, who asks until it does. A server that keeps running in the
    /// started process outlives this call and this service. Throws <see cref="Vocabulary.GatewayException"/> where the program fails.
    /// </summary>
    Task StartServerAsync(CancellationToken cancellationToken);

    /// <summary>The names by which a model may be downloaded, the likeliest first, out of the name that people write and where they say it comes from.</summary>
    /// <param name="model">As people write it: <c>user/repo</c>, <c>user/repo@quant</c>, <c>model:tag</c>, <c>hf.co/user/repo</c>.</param>
    /// <param name="source"><c>huggingface</c>, <c>ollama</c> or null for whatever the name looks like.</param>
    IReadOnlyList<string> PullNames(string model, string? source);
}

/// <summary>The words of one backend for the steps of bringing it up.</summary>
internal sealed record ServerWords
{
    /// <summary>The product's name: <c>Ollama</c>, <c>LM Studio</c>.</summary>
    public required string Product { get; init; }

    public required string NotInstalled { get; init; }

    public required string NotRunning { get; init; }

    /// <summary>What to say of a model that cannot be had, by its name.</summary>
    public required Func<string, string> ModelNotFound { get; init; }

    /// <summary>The step that had nothing to do.</summary>
    public required string AlreadyRunning { get; init; }

    /// <summary>The step that started the server.</summary>
    public required string Started { get; init; }
}
