namespace LmStudio.Simulator.Engine;

/// <summary>A simulated LM Studio without any protocol: models on disk, instances in memory, predictions, downloads, faults.</summary>
public sealed class SimulatedLmStudio : IAsyncDisposable
{
    private volatile SimulatorOptions _settings;

    public SimulatedLmStudio(SimulatorOptions options)
    {
        _settings = options;
        Models = new ModelFolder(options);
        Instances = new Instances(this);
        Loading = new Loading(this);
        Generator = new Generator(this);
        Embedder = new Embedder(this);
        Downloads = new Downloads(this);
        Log = new DiagnosticLog(this);
    }

    /// <summary>The settings as they are now; one immutable record, replaced by <see cref="Change"/>.</summary>
    public SimulatorOptions Settings => _settings;

    public ModelFolder Models { get; }

    public Instances Instances { get; }

    public Loading Loading { get; }

    public Generator Generator { get; }

    public Embedder Embedder { get; }

    public Downloads Downloads { get; }

    public DiagnosticLog Log { get; }

    public Faults Faults { get; } = new();

    public Counters Counters { get; } = new();

    public UploadedFiles Files { get; } = new();

    /// <summary>Whether the HTTP API is on; the WebSocket stays on either way, as in the app.</summary>
    public bool HttpServerRunning
    {
        get => _settings.HttpServerRunning;
        set => Change(settings => settings with { HttpServerRunning = value });
    }

    public DateTimeOffset Now => _settings.TimeProvider.GetUtcNow();

    /// <summary>Changes settings while it runs; what is under way keeps the old ones.</summary>
    public void Change(Func<SimulatorOptions, SimulatorOptions> change)
    {
        SimulatorOptions before;
        do before = _settings;
        while (Interlocked.CompareExchange(ref _settings, change(before), before) != before);
    }

    public async ValueTask DisposeAsync()
    {
        Instances.UnloadAll();
        await Downloads.DisposeAsync();
        Models.Dispose();
    }
}
