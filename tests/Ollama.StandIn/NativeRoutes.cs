using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ollama.StandIn;

/// <summary>The paths below <c>/api</c>: the store, what is loaded, and pulls.</summary>
internal sealed class NativeRoutes(OllamaState state)
{
    private readonly GenerationRoutes generation = new(state);

    /// <summary>False for a path that there is not.</summary>
    public async Task<bool> AnswerAsync(HttpContext context, string method, string path, JsonObject? body)
    {
        switch (method, path)
        {
            case ("GET" or "HEAD", "/"): await context.Response.WriteAsync("Ollama is running"); break;
            case ("GET" or "HEAD", "/api/version"): await Replies.JsonAsync(context, new JsonObject { ["version"] = OllamaServer.Version }); break;
            case ("GET" or "HEAD", "/api/tags"): await Replies.JsonAsync(context, Tags()); break;
            case ("GET", "/api/ps"): await Replies.JsonAsync(context, Processes()); break;
            case ("POST", "/api/show"): await Replies.JsonAsync(context, Show(body!)); break;
            case ("POST", "/api/generate"): await generation.GenerateAsync(context, body!); break;
            case ("POST", "/api/chat"): await generation.ChatAsync(context, body!); break;
            case ("POST", "/api/embed"): await generation.EmbedAsync(context, body!); break;
            case ("POST", "/api/pull"): await PullAsync(context, body!); break;
            case ("POST", "/api/copy"): await CopyAsync(context, body!); break;
            case ("DELETE", "/api/delete"): Delete(body!); break;
            default: return false;
        }

        return true;
    }

    /// <summary>The model that a request names. <c>name</c> is the older word for it.</summary>
    public static StandInModel Model(OllamaState state, JsonObject body)
    {
        var name = (body["model"] ?? body["name"])?.GetValue<string>() ?? throw new OllamaException(400, "model is required");
        return state.Find(name) ?? throw new OllamaException(404, $"model '{name}' not found");
    }

    private JsonObject Tags() => new()
    {
        ["models"] = new JsonArray([.. state.Models.Values.Select(model =>
        {
            var entry = new JsonObject
            {
                ["name"] = model.Name,
                ["model"] = model.Name,
                ["modified_at"] = "2026-05-04T17:37:44.706015396-07:00",
                ["size"] = model.Size,
                ["digest"] = model.Digest,
                ["details"] = model.Details(state.Options.Recent),
            };
            if (state.Options.Recent) entry["capabilities"] = new JsonArray([.. model.Capabilities.Select(name => JsonValue.Create(name))]);
            return entry;
        })]),
    };

    private JsonObject Processes() => new()
    {
        ["models"] = new JsonArray([.. state.Look().Select(running => new JsonObject
        {
            ["name"] = running.Model.Name,
            ["model"] = running.Model.Name,
            ["size"] = 5_137_025_024,
            ["digest"] = running.Model.Digest,
            ["details"] = running.Model.Details(recent: false),
            ["expires_at"] = running.Expires.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00'zzz", CultureInfo.InvariantCulture),
            ["size_vram"] = 5_137_025_024,
            ["context_length"] = running.ContextLength,
        })]),
    };

    private JsonObject Show(JsonObject body)
    {
        var model = Model(state, body);
        var family = model.Embeds ? "nomic-bert" : "llama";
        return new JsonObject
        {
            ["modelfile"] = $"FROM {model.Name}",
            ["parameters"] = "temperature                    0.7",
            ["template"] = "{{ .Prompt }}",
            ["details"] = model.Details(recent: false),
            ["model_info"] = new JsonObject { ["general.architecture"] = family, [$"{family}.context_length"] = 131_072, ["tokenizer.ggml.tokens"] = null },
            ["capabilities"] = new JsonArray([.. model.Capabilities.Select(name => JsonValue.Create(name))]),
            ["modified_at"] = "2026-05-04T17:37:44.706015396-07:00",
        };
    }

    private void Delete(JsonObject body)
    {
        var model = Model(state, body);
        state.Models.TryRemove(model.Name, out _);
        state.Running.TryRemove(model.Name, out _);
    }

    private Task CopyAsync(HttpContext context, JsonObject body)
    {
        var source = body["source"]?.GetValue<string>() ?? "";
        if (state.Find(source) is null) throw new OllamaException(404, $"model \"{source}\" not found");
        state.Add(body["destination"]!.GetValue<string>());
        context.Response.StatusCode = 200;
        return Task.CompletedTask;
    }

    /// <summary>An unknown model is known to be one only after the status is out.</summary>
    private async Task PullAsync(HttpContext context, JsonObject body)
    {
        var name = (body["model"] ?? body["name"])?.GetValue<string>() ?? "";
        if (!StandInModel.IsName(name)) throw new OllamaException(400, "invalid model name");
        var streams = body["stream"]?.GetValue<bool>() ?? true;
        var error = state.Options.Pullable is { } known && !known.Contains(name, StringComparer.OrdinalIgnoreCase) ? "pull model manifest: file does not exist" : state.Faults.Pull;
        if (!streams)
        {
            if (error is not null) throw new OllamaException(500, error);
            state.Add(name);
            await Replies.JsonAsync(context, Status("success"));
            return;
        }

        Replies.Begin(context, "application/x-ndjson");
        using var open = state.OpenStream(context.RequestAborted);
        foreach (var line in PullLines(new StandInModel(StandInModel.FullName(name)), error))
        {
            await Replies.LineAsync(context, line, state.Options.PieceBytes);
            if (state.Options.PullPace > TimeSpan.Zero) await Task.Delay(state.Options.PullPace, TimeProvider.System, context.RequestAborted);
        }
    }

    private IEnumerable<JsonObject> PullLines(StandInModel model, string? error)
    {
        yield return Status("pulling manifest");
        if (error is not null && state.Faults.Pull is null)
        {
            yield return new JsonObject { ["error"] = error };
            yield break;
        }

        var isThere = state.Models.ContainsKey(model.Name);
        foreach (var (digest, total) in new[] { (model.Digest, 2_000_000L), (new string(model.Digest.Reverse().ToArray()), 1000L) })
        {
            var label = $"pulling {digest[..12]}";
            if (!isThere)
            {
                yield return Status(label, digest, null, null);
                yield return Status(label, digest, total, null);
                yield return Status(label, digest, total, total / 2);
                if (error is not null)
                {
                    yield return new JsonObject { ["error"] = error };
                    yield break;
                }
            }

            yield return Status(label, digest, total, total);
        }

        yield return Status("verifying sha256 digest");
        yield return Status("writing manifest");
        state.Add(model.Name);
        yield return Status("success");
    }

    private static JsonObject Status(string text) => new() { ["status"] = text };

    private static JsonObject Status(string text, string digest, long? total, long? completed)
    {
        var line = new JsonObject { ["status"] = text, ["digest"] = "sha256:" + digest };
        if (total is { } all) line["total"] = all;
        if (completed is { } done) line["completed"] = done;
        return line;
    }
}
