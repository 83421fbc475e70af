using System.Collections.Concurrent;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Tests.Scheduling;

/// <summary>A backend in memory: loads when it is let, counts what matters, and can be told to fail.</summary>
internal sealed class FakeBackend(string name = "fake") : IBackend
{
    private readonly ConcurrentDictionary<string, ModelInstance> loaded = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> loading = new(StringComparer.Ordinal);
    private int loads;
    private int cancelled;

    public string Name { get; } = name;

    public bool CanLoad { get; init; } = true;

    public bool LoadsOnRequest { get; init; }

    /// <summary>How the control connections stand.</summary>
    public ControlChannels Control { get; set; } = new(WebSocket: true, Rest: true, Cli: false);

    public bool Up { get; set; } = true;

    public int? Parallel { get; set; } = 4;

    /// <summary>What a load does before it succeeds: nothing, wait for a signal, or throw.</summary>
    public Func<LoadOrder, CancellationToken, Task> OnLoad { get; set; } = (_, _) => Task.CompletedTask;

    public Func<string, CancellationToken, Task> OnUnload { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Loads that were begun.</summary>
    public int Loads => Volatile.Read(ref loads);

    /// <summary>Loads that ended by their token.</summary>
    public int Cancelled => Volatile.Read(ref cancelled);

    /// <summary>Two loads of one model have run at the same time.</summary>
    public bool Doubled { get; private set; }

    public ConcurrentQueue<LoadOrder> Orders { get; } = [];

    public ConcurrentQueue<string> Unloaded { get; } = [];

    public IReadOnlyCollection<string> Identifiers => [.. loaded.Keys];

    public BackendTraits Traits => new()
    {
        Kind = "fake",
        Dialects = new HashSet<Dialect> { Dialect.OpenAiChat },
        CanLoad = CanLoad,
        LoadsOnRequest = LoadsOnRequest,
    };

    /// <summary>Loads a model as somebody else would, past the gateway.</summary>
    public InstanceId Put(string modelKey, string? identifier = null)
    {
        var instance = Instance(modelKey, identifier ?? modelKey);
        loaded[instance.Identifier] = instance;
        return instance.Id;
    }

    public void Expire(string identifier) => loaded.TryRemove(identifier, out _);

    public Task<BackendReport> ReportAsync(CancellationToken cancellationToken)
    {
        if (!Up) throw new GatewayException(ErrorCode.BackendUnreachable, "Connection refused.");
        return Task.FromResult(new BackendReport { Models = [], Instances = Control == ControlChannels.None ? [] : [.. loaded.Values], Control = Control });
    }

    public async Task<LoadResult> LoadAsync(LoadOrder order, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref loads);
        Orders.Enqueue(order);
        if (loading.AddOrUpdate(order.ModelKey, 1, (_, count) => count + 1) > 1) Doubled = true;
        try
        {
            progress?.Report(0.5);
            await OnLoad(order, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            return new LoadResult(Add(order));
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref cancelled);
            throw;
        }
        finally
        {
            loading.AddOrUpdate(order.ModelKey, 0, (_, count) => count - 1);
        }
    }

    public async Task UnloadAsync(string identifier, CancellationToken cancellationToken)
    {
        await OnUnload(identifier, cancellationToken);
        if (!loaded.TryRemove(identifier, out _)) throw new GatewayException(ErrorCode.ModelNotFound, $"'{identifier}' is not loaded.");
        Unloaded.Enqueue(identifier);
    }

    public Task<ExchangeReply> ExchangeAsync(Exchange exchange, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<ChatEvent> GenerateAsync(string identifier, ChatRequest request, GenerationLimits limits, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Its owner is done with it.</summary>
    public bool IsDisposed { get; private set; }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private ModelInstance Add(LoadOrder order)
    {
        for (var copy = 1; ; copy++)
        {
            var instance = Instance(order.ModelKey, order.Identifier ?? (copy == 1 ? order.ModelKey : $"{order.ModelKey}:{copy}"));
            if (loaded.TryAdd(instance.Identifier, instance)) return instance;
            if (order.Identifier is not null) throw new GatewayException(ErrorCode.IdentifierTaken, $"'{order.Identifier}' is taken.");
        }
    }

    private ModelInstance Instance(string modelKey, string identifier) =>
        new() { Id = new InstanceId("node", Name, identifier), ModelKey = modelKey, Type = ModelType.Llm, Parallel = Parallel };
}
