using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>
/// The simulator's own API, which no fault and no token touches:
/// <c>GET /simulator/status</c> (counters, instances, settings, faults), <c>GET /simulator/requests</c> (the last requests as they arrived),
/// <c>POST /simulator/settings</c> (any of <see cref="SettingsJson"/>), <c>POST /simulator/faults</c> (one fault or an array of
/// <c>{"kind","scope"?,"count"?,"tokens"?,"status"?,"body"?,"message"?}</c>), <c>DELETE /simulator/faults</c>,
/// <c>POST /simulator/reset</c> (counters), <c>POST /simulator/unload-all</c>.
/// </summary>
internal static class ControlRoutes
{
    public static void Map(RouteTable routes)
    {
        routes.Add("GET", "/simulator/status", exchange => exchange.ReplyAsync(Status(exchange.Studio)));
        routes.Add("GET", "/simulator/requests", exchange => exchange.ReplyAsync(Requests(exchange.Studio)));
        routes.Add("POST", "/simulator/settings", ChangeSettings);
        routes.Add("POST", "/simulator/faults", AddFaults);
        routes.Add("DELETE", "/simulator/faults", exchange => Do(exchange, studio => studio.Faults.Clear()));
        routes.Add("POST", "/simulator/reset", exchange => Do(exchange, studio => studio.Counters.Reset()));
        routes.Add("POST", "/simulator/unload-all", exchange => Do(exchange, studio => studio.Instances.UnloadAll()));
    }

    private static Task Do(HttpExchange exchange, Action<SimulatedLmStudio> action)
    {
        action(exchange.Studio);
        return exchange.ReplyAsync(Status(exchange.Studio));
    }

    private static Task ChangeSettings(HttpExchange exchange)
    {
        SettingsJson.Apply(exchange.Studio, exchange.Json());
        return exchange.ReplyAsync(SettingsJson.Write(exchange.Studio.Settings));
    }

    private static Task AddFaults(HttpExchange exchange)
    {
        var body = exchange.JsonOrArray();
        var faults = (body.ValueKind == JsonValueKind.Array ? body.EnumerateArray() : (IEnumerable<JsonElement>)[body]).Select(ReadFault).ToList();
        foreach (var fault in faults) exchange.Studio.Faults.Add(fault);
        return exchange.ReplyAsync(Status(exchange.Studio));
    }

    private static Fault ReadFault(JsonElement json)
    {
        try
        {
            return new Fault
            {
                Kind = KebabCase.To<FaultKind>(json.Text("kind")),
                Scope = json.Text("scope") ?? "",
                Count = json.Number("count"),
                Tokens = json.Number("tokens") ?? 0,
                Status = json.Number("status") ?? 500,
                Body = json.Text("body") ?? json.Object("body")?.GetRawText(),
                Message = json.Text("message"),
            };
        }
        catch (FormatException exception)
        {
            throw HttpError.Plain($"Invalid fault: {exception.Message}");
        }
    }

    private static JsonObject Status(SimulatedLmStudio studio) => new()
    {
        ["counters"] = Counters(studio.Counters.Snapshot()),
        ["instances"] = new JsonArray([.. studio.Instances.All.Select(Instance)]),
        ["modelsDirectory"] = studio.Models.Root,
        ["settings"] = SettingsJson.Write(studio.Settings),
        ["faults"] = new JsonArray([.. studio.Faults.All.Select(fault => new JsonObject
        {
            ["kind"] = KebabCase.From(fault.Kind),
            ["scope"] = fault.Scope,
            ["count"] = fault.Count,
            ["tokens"] = fault.Tokens,
        })]),
    };

    private static JsonObject Counters(CounterSnapshot counters) => new()
    {
        ["openStreams"] = counters.OpenStreams,
        ["openRequests"] = counters.OpenRequests,
        ["openWebSockets"] = counters.OpenWebSockets,
        ["loadsStarted"] = counters.LoadsStarted,
        ["loadsCompleted"] = counters.LoadsCompleted,
        ["loadsFailed"] = counters.LoadsFailed,
        ["loadsCancelled"] = counters.LoadsCancelled,
        ["unloads"] = counters.Unloads,
        ["expirations"] = counters.Expirations,
        ["predictions"] = counters.Predictions,
        ["predictionsCompleted"] = counters.PredictionsCompleted,
        ["cancels"] = counters.Cancels,
        ["embeddings"] = counters.Embeddings,
        ["tokens"] = counters.Tokens,
        ["peakParallelPredictions"] = counters.PeakParallelPredictions,
        ["webSocketConnections"] = counters.WebSocketConnections,
        ["loadsByKey"] = Map(counters.LoadsByKey),
        ["requests"] = Map(counters.Requests),
    };

    private static JsonObject Instance(LoadedInstance instance) => new()
    {
        ["identifier"] = instance.Identifier,
        ["modelKey"] = instance.Model.Key,
        ["instanceReference"] = instance.InstanceReference,
        ["status"] = KebabCase.From(instance.State.Status),
        ["queued"] = instance.State.Queued,
        ["parallel"] = instance.Parallel,
        ["contextLength"] = instance.ContextLength,
        ["onDemand"] = instance.OnDemand,
        ["ttlSeconds"] = instance.Ttl?.TotalSeconds,
        ["lastUsedMs"] = instance.LastUsedUnixMs,
    };

    private static JsonObject Requests(SimulatedLmStudio studio) => new()
    {
        ["requests"] = new JsonArray([.. studio.Counters.LastRequests.Select(request =>
        {
            var headers = new JsonObject();
            foreach (var (name, value) in request.Headers) headers[name.ToLowerInvariant()] = value;
            return new JsonObject { ["method"] = request.Method, ["path"] = request.Path, ["headers"] = headers, ["body"] = request.Body };
        })]),
    };

    private static JsonObject Map(IReadOnlyDictionary<string, long> counts)
    {
        var json = new JsonObject();
        foreach (var (name, count) in counts) json[name] = count;
        return json;
    }
}
