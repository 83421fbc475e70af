using LmGateway.Catalog;

namespace LmGateway.Api.Http;

/// <summary>A picture of the backends that is at most a second old, however many ask for it.</summary>
internal sealed class HealthProbe(ModelCatalog catalog, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly long started = time.GetTimestamp();
    private long looked = long.MinValue;

    public TimeSpan Uptime => time.GetElapsedTime(started);

    public async Task<CatalogSnapshot> LookAsync(CancellationToken cancellationToken)
    {
        var last = Volatile.Read(ref looked);
        if (last != long.MinValue && time.GetElapsedTime(last) < Fresh) return catalog.Current;
        try
        {
            await catalog.RefreshAsync(cancellationToken).WaitAsync(Patience, time, cancellationToken);
            Volatile.Write(ref looked, time.GetTimestamp());
        }
        catch (TimeoutException)
        {
            // A backend that does not answer must not make health itself unanswered; the last look counts.
        }

        return catalog.Current;
    }
}
