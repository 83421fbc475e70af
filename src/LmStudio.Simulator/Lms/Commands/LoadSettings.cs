using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.WebSockets;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary>What <c>lms load</c> was asked to set; everything else stays with the app.</summary>
internal sealed record LoadSettings(string? Identifier, double? Gpu, int? ContextLength, int? Parallel, int? TtlSeconds)
{
    /// <exception cref="LmsExit">A value is no number or out of its range.</exception>
    public static LoadSettings Read(CommandLine line) => new(
        line["identifier"],
        Ratio(line["gpu"]),
        Whole(line["context-length"], "-c, --context-length <length>"),
        Whole(line["parallel"], "--parallel <count>"),
        Whole(line["ttl"], "--ttl <seconds>"));

    /// <summary>The creation parameter of the load.</summary>
    public JsonObject Parameter(JsonElement model) =>
        new JsonObject { ["modelKey"] = model.GetProperty("modelKey").GetString() }
            .With("identifier", Identifier)
            .With("ttlMs", TtlSeconds is { } ttl ? ttl * 1000L : null)
            .With("loadConfigStack", Stack(model.GetProperty("type").GetString()!));

    /// <summary>The configuration in the keys of the model's domain. A manual setting switches automatic fitting off, or it would not be heeded.</summary>
    public JsonObject Stack(string domain)
    {
        var fields = new JsonArray();
        void Add(string key, JsonNode? value)
        {
            if (value is not null) fields.Add((JsonNode)new JsonObject { ["key"] = key, ["value"] = value });
        }

        if (domain == "llm" && (Gpu is not null || ContextLength is not null))
            foreach (var engine in (string[])["llama", "mlx", "yuzu"]) Add($"llm.load.{engine}.autoFit", false);
        Add($"{domain}.load.llama.acceleration.offloadRatio", Gpu);
        Add($"{domain}.load.contextLength", ContextLength);
        if (domain == "llm") Add("llm.load.numParallelSessions", Parallel);
        var layer = new JsonObject { ["layerName"] = "apiOverride", ["config"] = new JsonObject { ["fields"] = fields } };
        return new JsonObject { ["layers"] = new JsonArray(layer) };
    }

    private static double? Ratio(string? text)
    {
        const string Option = "--gpu <offload-ratio>";
        if (text is null) return null;
        if (text is "off" or "max") return text == "max" ? 1 : 0;
        if (!double.TryParse(text, CultureInfo.InvariantCulture, out var ratio)) throw Invalid(Option, text, "Not a number");
        return ratio is >= 0 and <= 1 ? ratio : throw Invalid(Option, text, "Number out of range, must be between 0 and 1");
    }

    private static int? Whole(string? text, string option) =>
        text is null ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Invalid(option, text, "Not a number");

    private static LmsExit Invalid(string option, string value, string why) => LmsExit.Usage($"option '{option}' argument '{value}' is invalid. {why}");
}
