using LmGateway.Catalog;
using LmGateway.Scheduling;

namespace LmGateway.Serving;

/// <summary>What is loading and what waits, for people: a picture that may be a moment old.</summary>
internal sealed class QueueState(Scheduler scheduler, ModelCatalog catalog, ModelResolver resolver)
{
    public IEnumerable<(string Backend, string Model, double Progress)> Loads =>
        scheduler.View().Loads.Select(load => (load.Backend, load.ModelKey, load.Progress));

    public IEnumerable<(string Model, int Requests)> Waiting =>
        scheduler.View().Waiting.Select(waiting => (waiting.ModelKey, waiting.Requests));

    /// <summary>Why a request for the model has not begun yet, in a few words; null where nothing keeps it that is known here.</summary>
    public string? Reason(string name)
    {
        if (Key(name) is not { } key) return null;
        var state = scheduler.View();
        if (state.Loads.FirstOrDefault(load => load.ModelKey == key) is { } loading) return $"Loading {key}: {loading.Progress * 100:0}%";
        return state.Waiting.FirstOrDefault(waiting => waiting.ModelKey == key) is { Requests: > 0 } queue ? $"Queued for {key}: {queue.Requests} waiting" : null;
    }

    private string? Key(string name)
    {
        try
        {
            return resolver.Find(catalog.Current, name, Vocabulary.ModelType.Unknown)?.Key;
        }
        catch (Vocabulary.GatewayException)
        {
            // The request itself will say what is wrong with the name.
            return null;
        }
    }
}
