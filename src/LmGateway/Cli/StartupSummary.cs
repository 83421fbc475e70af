using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary>What is on, where it listens, what is behind it and where that was set: printed once the service is up.</summary>
internal static class StartupSummary
{
    public static void Write(LoadedSettings loaded, IReadOnlyCollection<string> boundAddresses, TextWriter output)
    {
        var version = typeof(StartupSummary).Assembly.GetName().Version?.ToString(3);
        output.WriteLine($"LmGateway {version} is up, node {loaded.Options.Node}");
        WriteRow(output, "listening", boundAddresses.Count == 0 ? "HTTP is off" : string.Join(", ", boundAddresses));
        WriteRow(output, "APIs", boundAddresses.Count == 0 ? "none" : "/v1 (OpenAI, Anthropic messages), /api/v0 and /api/v1 (LM Studio), /chat, /models, /admin, /debug, /mcp, /health");
        WriteRow(output, "NATS", Nats(loaded));
        if (loaded.Options.Backends.Count == 0) WriteRow(output, "backend", Backend(loaded));
        else foreach (var entry in loaded.Options.BackendEntries) WriteRow(output, "backend", Backend(entry, loaded));
        WriteRow(output, "models", Models(loaded.Options));
        WriteRow(output, "access", Access(loaded.Options));
        WriteRow(output, "settings", Sources(loaded));
        foreach (var warning in loaded.Warnings) WriteRow(output, "warning", warning);
    }

    /// <summary>The same for programs, in short: where it listens, and what it has to say against its settings.</summary>
    public static void WriteMembers(Utf8JsonWriter writer, ServeSettings settings, IReadOnlyCollection<string> boundAddresses)
    {
        writer.WriteStartArray("listening");
        foreach (var address in boundAddresses) writer.WriteStringValue(address);
        writer.WriteEndArray();
        writer.WriteString("node", settings.Options.Node);
        writer.WriteString("version", HealthReport.Version);
        writer.WriteBoolean("demo", settings.Demo);
        writer.WriteStartArray("warnings");
        foreach (var warning in settings.Loaded.Warnings) writer.WriteStringValue(warning);
        writer.WriteEndArray();
    }

    /// <summary>Commands to try on the demo; they work as they are printed.</summary>
    public static void WriteDemo(string address, TextWriter output)
    {
        output.WriteLine($$"""

            A simulated LM Studio is behind it. Try:
              curl {{address}}/v1/models
              curl -N {{address}}/v1/chat/completions -H 'Content-Type: application/json' -d '{"model":"qwen2-1.5b-instruct","stream":true,"messages":[{"role":"user","content":"count to 5"}]}'
              curl {{address}}/admin/models

            """);
    }

    private static void WriteRow(TextWriter output, string name, string text) => output.WriteLine($"  {name,-10} {text}");

    /// <summary>Whether it is there is told by the log and by health: the connection is made in the background.</summary>
    private static string Nats(LoadedSettings loaded)
    {
        if (!loaded.Options.Nats.IsOn) return "off";
        var url = loaded.Effective["nats.url"];
        return $"lmstudio.> at {url.Text} ({url.Source}){(loaded.Options.Nats.IsConfigured ? "" : ", if there is one")}, queue group {loaded.Options.Nats.QueueGroup}";
    }

    private static string Backend(LoadedSettings loaded)
    {
        var (address, inference) = (loaded.Effective["lmstudio.base_url"], loaded.Options.Inference);
        return inference.Provider switch
        {
            InferenceOptions.Mock => $"canned replies from {inference.MockResponsesDir} ({loaded.Effective["inference.mock.responses_dir"].Source})",
            InferenceOptions.OpenAi => $"OpenAI's API at {address.Text} ({address.Source}){(inference.OpenAiApiKey is null ? "" : ", with a key")}",
            _ => $"LM Studio at {address.Text} ({address.Source}){(loaded.Options.LmStudio.ApiToken is null ? "" : ", with an API token")}",
        };
    }

    private static string Backend(BackendEntry entry, LoadedSettings loaded)
    {
        var options = loaded.Options;
        var place = entry.Kind switch
        {
            BackendEntry.Mock => $"canned replies from {options.Inference.MockResponsesDir}",
            BackendEntry.Ollama => $"Ollama at {entry.Url ?? options.Ollama.BaseUrl}",
            BackendEntry.LmStudio => $"LM Studio at {entry.Url ?? options.LmStudio.BaseUrl}",
            _ => $"{(entry.Kind == BackendEntry.LlamaServer ? "llama-server" : "OpenAI's API")} at {entry.Url ?? options.LmStudio.BaseUrl}",
        };
        return $"{entry.Name}: {place}{(entry.KeyAmong(options.BackendKeys) is null ? "" : ", with a key")}";
    }

    private static string Models(GatewayOptions options)
    {
        var scheduling = options.Scheduling;
        var load = !scheduling.OnDemand ? "not loaded on demand"
            : scheduling.OnDemandTtl is { } ttl ? $"loaded on demand, unloaded after {ttl.TotalSeconds:0} s idle"
            : "loaded on demand, kept";
        var inference = options.Inference;
        return !inference.IsProviderContract ? load
            : $"{load}; default {inference.DefaultModel ?? "none"}, allowed {(inference.AllowedModels.Count == 0 ? "all" : string.Join(", ", inference.AllowedModels))}";
    }

    private static string Access(GatewayOptions options)
    {
        var security = options.Security;
        var key = security.ApiKey is null ? "no key" : "key needed";
        var callers = !security.IpAllowlist.Any(AddressRange.IsEveryone) ? $"only from {string.Join(", ", security.IpAllowlist)}"
            : options.Listen.Addresses.All(address => address.IsLoopback) ? "only from this machine"
            : "from everywhere";
        return $"{key}, {callers}";
    }

    /// <summary>How many settings each layer gave, and the files' names.</summary>
    private static string Sources(LoadedSettings loaded)
    {
        var given = loaded.Effective
            .Where(setting => setting.Source.Layer != LayerKind.Default)
            .GroupBy(setting => setting.Source.Layer)
            .OrderBy(layer => layer.Key)
            .Select(layer => $"{layer.Count()} from {Name(layer.First().Source)}");
        return string.Join(", ", given.Append("the rest are defaults")) + "; 'lmgateway doctor' lists them";
    }

    private static string Name(SettingSource source) => source.Layer switch
    {
        LayerKind.CommandLine => "the command line",
        LayerKind.Environment => "the environment",
        _ => source.Text[..source.Text.LastIndexOf(" line ", StringComparison.Ordinal)],
    };
}
