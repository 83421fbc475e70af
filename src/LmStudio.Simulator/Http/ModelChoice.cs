using System.Text.Json;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>Which instance answers an inference call: the one of that identifier or key, else one loaded just in time.</summary>
internal static class ModelChoice
{
    /// <summary>Finds or loads the instance that a body's <c>model</c> means. While it loads, nothing is sent.</summary>
    /// <exception cref="HttpErrorException">In the shape of the OpenAI routes.</exception>
    public static async Task<LoadedInstance> ForAsync(HttpExchange exchange, JsonElement body, ModelDomain domain)
    {
        var name = body.Text("model") ?? "";
        try
        {
            return await FindAsync(exchange, name, domain, body.Number("ttl"));
        }
        catch (EngineException exception)
        {
            throw HttpError.OpenAi(exception.Error, name);
        }
    }

    private static async Task<LoadedInstance> FindAsync(HttpExchange exchange, string name, ModelDomain domain, int? ttlSeconds)
    {
        var studio = exchange.Studio;
        var loaded = studio.Instances.Of(domain).ToList();
        if (name.Length == 0) return loaded.FirstOrDefault() ?? throw NoneLoaded();
        var match = loaded.FirstOrDefault(instance => instance.Identifier == name) ?? studio.Instances.Find(new InstanceQuery { Domain = domain, Path = name });
        if (match is not null) return match;
        if (studio.Settings.LoneModelAnswers && loaded.Count == 1) return loaded[0];
        if (!studio.Settings.JustInTimeLoading)
            throw loaded.Count == 0 ? NoneLoaded() : new EngineException(NotLoaded(studio.Instances.Identifiers(domain)));
        var ttl = ttlSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        return await studio.Loading.GetOrLoadInstanceAsync(new LoadRequest { ModelKey = name, Domain = domain, Ttl = ttl }, exchange.Gone);
    }

    private static EngineError NotLoaded(IReadOnlyList<string> loaded) => new(EngineErrorKind.PathNotFound, "The model is not loaded.") { Sample = loaded };

    private static HttpErrorException NoneLoaded() => HttpError.OpenAi(HttpError.NoModelsLoaded, "model", null);
}
