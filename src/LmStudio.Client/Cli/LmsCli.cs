using System.Globalization;
using System.Text.Json;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Cli;

/// <summary>
/// The <c>lms</c> program, tamed: it never waits for a person, never outlives its deadline, never starts LM Studio unasked, and
/// its exit codes are not taken at their word. Every method throws <see cref="LmsException"/>.
/// </summary>
public sealed class LmsCli(LmsCliOptions? options = null)
{
    private readonly LmsCliOptions options = options ?? new LmsCliOptions();

    /// <summary>The program's path; null when it is not installed.</summary>
    public string? FindProgram() => LmsProgram.Find(options);

    /// <summary>Version of the program: a commit hash.</summary>
    public async Task<string> GetVersionAsync(CancellationToken cancellationToken = default) =>
        LmsOutput.Json(await RunAsync(["version", "--json"], cancellationToken).ConfigureAwait(false)).Text("version")
        ?? throw new LmsException(LmsFailure.UnexpectedOutput, "lms did not tell its version.");

    /// <summary>Whether the HTTP server runs. Never starts anything.</summary>
    public async Task<LmsServerStatus> GetServerStatusAsync(CancellationToken cancellationToken = default)
    {
        var json = LmsOutput.Json(await RunAsync(["server", "status", "--json"], cancellationToken).ConfigureAwait(false));
        return new LmsServerStatus(json.Flag("running") ?? false, json.Int32("port"));
    }

    /// <summary>Starts the HTTP server, or leaves it running, and returns its port.</summary>
    public async Task<int?> StartServerAsync(HttpServerSettings? settings = null, CancellationToken cancellationToken = default)
    {
        var arguments = new List<string> { "server", "start" };
        if (settings?.Port is { } port) arguments.AddRange(["--port", Text(port)]);
        if (settings?.NetworkInterface is { } address) arguments.AddRange(["--bind", Positional(address)]);
        if (settings?.Cors == true) arguments.Add("--cors");
        await RefuseToWakeAsync(cancellationToken).ConfigureAwait(false);
        var run = await RunAsync(arguments, cancellationToken).ConfigureAwait(false);
        return run.ExitCode == 0 ? LmsOutput.StartedPort(run.Errors) ?? settings?.Port : throw LmsOutput.Failure(run);
    }

    /// <summary>Stops the HTTP server; false when it did not run. Models stay loaded.</summary>
    public async Task<bool> StopServerAsync(CancellationToken cancellationToken = default)
    {
        var run = await RunAsync(["server", "stop"], cancellationToken).ConfigureAwait(false);
        if (run.ExitCode == 0) return true;
        return (await GetServerStatusAsync(cancellationToken).ConfigureAwait(false)).IsRunning ? throw LmsOutput.Failure(run) : false;
    }

    /// <summary>Whether LM Studio runs. Never starts anything.</summary>
    public async Task<LmsDaemonStatus> GetDaemonStatusAsync(CancellationToken cancellationToken = default)
    {
        var json = LmsOutput.Json(await RunAsync(["daemon", "status", "--json"], cancellationToken).ConfigureAwait(false));
        return new LmsDaemonStatus(json.Text("status") == "running", json.Int32("pid"), json.Flag("isDaemon"), json.Text("version"));
    }

    /// <summary>The downloaded models.</summary>
    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken = default) =>
        Results.List(await AskAsync(["ls", "--json"], cancellationToken).ConfigureAwait(false), ModelInfo.TryRead);

    /// <summary>The loaded instances.</summary>
    public async Task<IReadOnlyList<LmsInstance>> ListLoadedAsync(CancellationToken cancellationToken = default) =>
        Results.List(await AskAsync(["ps", "--json"], cancellationToken).ConfigureAwait(false), LmsInstance.TryRead);

    /// <summary>
    /// Loads another instance of exactly this model: <c>lms</c> matches loosely and would take the nearest one. It knows no variant but the
    /// selected one. Progress is 0 to 1.
    /// </summary>
    public async Task<LmsInstance> LoadAsync(LmsLoad load, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        var models = await ListModelsAsync(cancellationToken).ConfigureAwait(false);
        var model = models.FirstOrDefault(model => model.ModelKey == load.ModelKey || model.SelectedVariant == load.ModelKey)
            ?? throw new LmsException(LmsFailure.ModelNotFound, $"No downloaded model has the key '{load.ModelKey}', or has it selected as its variant.");
        var isAmbiguous = models.Any(other => other != model && LooselyMatches(model.ModelKey, other.ModelKey));
        var arguments = LoadArguments(load with { ModelKey = model.ModelKey }, isAmbiguous ? model.Path : null);
        var run = await new LmsProcess(Program(), [.. arguments, .. ServerArguments()], options.TimeProvider)
        {
            Limit = options.IdleTimeout,
            OutputExtendsLimit = true,
            OnOutput = LmsOutput.Reporter(LmsOutput.TryLoadProgress, progress),
        }.RunAsync(cancellationToken).ConfigureAwait(false);
        if (run.ExitCode != 0) throw LmsOutput.Failure(run);

        var identifier = load.Identifier ?? LmsOutput.LoadedIdentifier(run.Errors);
        var loaded = await ListLoadedAsync(cancellationToken).ConfigureAwait(false);
        return loaded.FirstOrDefault(instance => instance.Identifier == identifier && instance.IsOf(load.ModelKey))
            ?? throw new LmsException(LmsFailure.Failed, $"lms said that it loaded '{load.ModelKey}', but it is not among the loaded models.", run.ExitCode);
    }

    /// <summary>Unloads the instance of that identifier.</summary>
    public async Task UnloadAsync(string identifier, CancellationToken cancellationToken = default)
    {
        if (!await IsLoadedAsync(identifier, cancellationToken).ConfigureAwait(false))
            throw new LmsException(LmsFailure.IdentifierNotFound, $"No loaded model has the identifier '{identifier}'.");
        var run = await RunAsync(["unload", Positional(identifier), .. ServerArguments()], cancellationToken).ConfigureAwait(false);
        if (await IsLoadedAsync(identifier, cancellationToken).ConfigureAwait(false)) throw LmsOutput.Failure(run);
    }

    /// <summary>Unloads every instance.</summary>
    public async Task UnloadAllAsync(CancellationToken cancellationToken = default)
    {
        await RefuseToWakeAsync(cancellationToken).ConfigureAwait(false);
        var run = await RunAsync(["unload", "--all", .. ServerArguments()], cancellationToken).ConfigureAwait(false);
        if ((await ListLoadedAsync(cancellationToken).ConfigureAwait(false)).Count > 0) throw LmsOutput.Failure(run);
    }

    /// <summary>
    /// Downloads a model: a catalog name (<c>owner/name</c>) or a Hugging Face URL, either with <c>@quantisation</c>. Cancelling ends
    /// the program but not the download, which LM Studio carries on. <paramref name="lines"/> gets what the program says, made readable.
    /// </summary>
    public async Task<LmsDownloadOutcome> GetAsync(
        string name, IProgress<LmsDownloadProgress>? progress = null, IProgress<string>? lines = null, CancellationToken cancellationToken = default)
    {
        await RefuseToWakeAsync(cancellationToken).ConfigureAwait(false);
        var watch = LmsOutput.Reporter(LmsOutput.TryDownloadProgress, progress);
        var (output, errors) = (lines is null ? null : new LmsLines(lines), lines is null ? null : new LmsLines(lines));
        var process = new LmsProcess(Program(), ["get", Positional(name), "--yes", .. ServerArguments()], options.TimeProvider)
        {
            Limit = options.IdleTimeout,
            OutputExtendsLimit = true,
            OnOutput = piece => { watch?.Invoke(piece); output?.Add(piece); },
            OnErrors = piece => errors?.Add(piece),
        };
        var run = await process.RunAsync(cancellationToken).ConfigureAwait(false);
        output?.End();
        errors?.End();
        if (run.ExitCode != 0) throw LmsOutput.Failure(run);
        return LmsOutput.SaysAlreadyDownloaded(run) ? LmsDownloadOutcome.AlreadyDownloaded : LmsDownloadOutcome.Downloaded;
    }

    /// <summary>Brings a file into the models folder as <c>user/repo</c> and returns its new path. LM Studio need not run.</summary>
    public async Task<string?> ImportAsync(string file, string userRepo, LmsImportMode mode = LmsImportMode.Copy, CancellationToken cancellationToken = default)
    {
        var how = mode switch { LmsImportMode.HardLink => "--hard-link", LmsImportMode.SymbolicLink => "--symbolic-link", _ => "--copy" };
        var run = await new LmsProcess(Program(), ["import", Path.GetFullPath(file), "--user-repo", Positional(userRepo), how, "--yes"], options.TimeProvider)
        {
            Limit = options.IdleTimeout,
        }.RunAsync(cancellationToken).ConfigureAwait(false);
        return run.ExitCode == 0 ? LmsOutput.ImportedPath(run.Errors) : throw LmsOutput.Failure(run);
    }

    private async Task<bool> IsLoadedAsync(string identifier, CancellationToken cancellationToken) =>
        (await ListLoadedAsync(cancellationToken).ConfigureAwait(false)).Any(instance => instance.Identifier == identifier);

    private async Task<JsonElement> AskAsync(string[] arguments, CancellationToken cancellationToken)
    {
        await RefuseToWakeAsync(cancellationToken).ConfigureAwait(false);
        return LmsOutput.Json(await RunAsync([.. arguments, .. ServerArguments()], cancellationToken).ConfigureAwait(false));
    }

    private Task<LmsRun> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        new LmsProcess(Program(), arguments, options.TimeProvider) { Limit = options.CommandTimeout }.RunAsync(cancellationToken);

    private string Program() => FindProgram()
        ?? throw new LmsException(LmsFailure.NotInstalled, options.Program is { } program
            ? $"There is no lms program at {program}."
            : "The lms program is not installed: it is neither on PATH nor in LM Studio's home folder.");

    /// <summary>The program would start LM Studio for this command: is it running already?</summary>
    private async Task RefuseToWakeAsync(CancellationToken cancellationToken)
    {
        if (options.MayStartLmStudio || options.Server is not null) return;
        var client = new LmStudioClient(new LmStudioClientOptions { HomeFolder = options.HomeFolder, TimeProvider = options.TimeProvider });
        await using var disposal = client.ConfigureAwait(false);
        if (!await client.IsReachableAsync(cancellationToken).ConfigureAwait(false))
            throw new LmsException(LmsFailure.NotRunning, "LM Studio is not running, and this command would start it.");
    }

    private string[] ServerArguments() => options.Server is { } server ? ["--host", server.Host, "--port", Text(server.Port)] : [];

    private static List<string> LoadArguments(LmsLoad load, string? exactPath)
    {
        var arguments = new List<string> { "load", Positional(exactPath ?? load.ModelKey), "--yes" };
        if (exactPath is not null) arguments.Add("--exact");
        if (load.Identifier is { } identifier) arguments.AddRange(["--identifier", Positional(identifier)]);
        if (load.GpuOffloadRatio is { } ratio) arguments.AddRange(["--gpu", ratio.Share.ToString(CultureInfo.InvariantCulture)]);
        if (load.ContextLength is { } context) arguments.AddRange(["--context-length", Text(context)]);
        if (load.Parallel is { } parallel) arguments.AddRange(["--parallel", Text(parallel)]);
        if (load.TimeToLive is { } ttl) arguments.AddRange(["--ttl", Text(Math.Max(1, (int)Math.Min(ttl.TotalSeconds, int.MaxValue)))]);
        return arguments;
    }

    /// <summary>Whether lms would offer the key for the term: all characters of the term occur in it, in order.</summary>
    private static bool LooselyMatches(string term, string key)
    {
        var next = 0;
        foreach (var character in key)
            if (next < term.Length && char.ToLowerInvariant(term[next]) == char.ToLowerInvariant(character)) next++;
        return next == term.Length;
    }

    /// <summary>A value from outside must not be taken for an option.</summary>
    private static string Positional(string value) =>
        value.Length > 0 && value[0] != '-' ? value : throw new ArgumentException($"'{value}' is empty or begins with '-'.", nameof(value));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
