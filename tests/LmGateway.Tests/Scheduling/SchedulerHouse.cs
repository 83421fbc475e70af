using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Observability.Metrics;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging.Abstractions;

namespace LmGateway.Tests.Scheduling;

/// <summary>A real scheduler and a real catalog over a fake backend.</summary>
internal sealed class SchedulerHouse : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public SchedulerHouse(FakeBackend backend, SchedulingOptions? options = null, TimeProvider? time = null)
    {
        Backend = backend;
        var hub = new EventHub(time ?? TimeProvider.System);
        Catalog = new ModelCatalog([backend], hub, time ?? TimeProvider.System);
        Settings = new GatewayOptions { Node = "node", Scheduling = options ?? new SchedulingOptions() };
        Scheduler = new Scheduler(Catalog, new CatalogPace(Settings), Settings, hub, new OperationRecord(new ServiceFigures()), time ?? TimeProvider.System, NullLogger<Scheduler>.Instance);
    }

    public FakeBackend Backend { get; }

    public LiveSettings Settings { get; }

    public ModelCatalog Catalog { get; }

    public Scheduler Scheduler { get; }

    public static ModelTarget Target(string modelKey = "m", string? identifier = null) => new("fake", modelKey, identifier);

    public Task<Lease> AcquireAsync(string modelKey = "m", string? identifier = null, CancellationToken cancellationToken = default) =>
        Scheduler.AcquireAsync(Target(modelKey, identifier), cancellationToken).AsTask();

    /// <summary>Puts other settings into force, as a reload does.</summary>
    public void Reload(SchedulingOptions options) => _ = Settings.Replace(Settings.Current with { Scheduling = options });

    public Task<LoadResult> LoadAsync(LoadOrder order, CancellationToken cancellationToken = default) =>
        Scheduler.LoadAsync(Backend, order, null, cancellationToken);

    public Task<CatalogSnapshot> RefreshAsync() => Catalog.RefreshAfterChangeAsync(Backend, CancellationToken.None);

    /// <summary>Waits until something holds, looking again after each turn of the scheduler's loop.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Delay(1, patience.Token);
        }
    }

    public Task UntilWaitingAsync(int requests) =>
        UntilAsync(() => Scheduler.View().Waiting.Sum(model => model.Requests) == requests);

    public static async Task<GatewayError> RefusalAsync(Task refused) =>
        (await Xunit.Assert.ThrowsAsync<GatewayException>(() => refused.WaitAsync(Patience))).Error;

    public ValueTask DisposeAsync() => Scheduler.DisposeAsync();
}
