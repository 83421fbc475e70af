using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using Microsoft.Extensions.DependencyInjection;
namespace LmGateway.Scheduling;
internal sealed record ModelTarget(string Backend, string ModelKey, string? Identifier = null);
internal sealed class Lease(InstanceId instance) : IDisposable { public InstanceId Instance => instance; public string Identifier => instance.Identifier; public void Answered() {} public void Missed() {} public void Dispose() {} public TimeSpan Queued; public TimeSpan LoadTime; }
internal sealed class Scheduler(ModelCatalog catalog)
{
    public async ValueTask<Lease> AcquireAsync(ModelTarget target, CancellationToken cancellationToken) {
        var view = catalog.Current.Find(target.Backend)!;
        var i = view.Instances.FirstOrDefault(x => x.ModelKey == target.ModelKey && (target.Identifier is null || x.Identifier == target.Identifier));
        if (i is not null) return new Lease(i.Id);
        var r = await LoadAsync(view.Backend, new LoadOrder(target.ModelKey), null, cancellationToken);
        return new Lease(r.Instance.Id);
    }
    public async Task<LoadResult> LoadAsync(IBackend backend, LoadOrder order, IProgress<double>? progress, CancellationToken cancellationToken) { var r = await backend.LoadAsync(order, progress, cancellationToken); await catalog.RefreshAfterChangeAsync(backend, cancellationToken); return r; }
    public async Task UnloadAsync(InstanceId instance, bool force, CancellationToken cancellationToken) { var b = catalog.Current.Find(instance.Backend)!.Backend; await b.UnloadAsync(instance.Identifier, cancellationToken); await catalog.RefreshAfterChangeAsync(b, cancellationToken); }
}
internal static class SchedulingServices { public static IServiceCollection AddScheduling(this IServiceCollection s, GatewayOptions o) => s.AddSingleton<Scheduler>(); }
