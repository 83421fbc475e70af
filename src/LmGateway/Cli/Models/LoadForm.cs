using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;

namespace LmGateway.Cli.Models;

/// <summary>What to load and how, as the admin API takes it.</summary>
internal sealed record LoadOrderText(string Model)
{
    public string? Identifier { get; init; }
    public long? TtlSeconds { get; init; }
    public bool Activate { get; init; }
    public bool Exclusive { get; init; }

    /// <summary>Load parameters; a dot leads into a section, as in <c>gpu.ratio</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parameters { get; init; } = [];

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("modelKey", Model);
        if (Identifier is not null) writer.WriteString("instanceId", Identifier);
        if (TtlSeconds is { } ttl) writer.WriteNumber("ttlSeconds", ttl);
        writer.WriteBoolean("activate", Activate);
        if (Exclusive) writer.WriteBoolean("exclusive", value: true);
        if (Parameters.Count == 0) return;
        writer.WriteStartObject("loadConfig");
        foreach (var section in Parameters.GroupBy(pair => pair.Key.Contains('.', StringComparison.Ordinal) ? pair.Key.Split('.')[0] : "", StringComparer.Ordinal))
        {
            if (section.Key.Length > 0) writer.WriteStartObject(section.Key);
            foreach (var (name, value) in section) WriteValue(writer, section.Key.Length > 0 ? name[(section.Key.Length + 1)..] : name, value);
            if (section.Key.Length > 0) writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    /// <summary>Numbers, truth values and lists as such; everything else is text.</summary>
    private static void WriteValue(Utf8JsonWriter writer, string name, string value)
    {
        if (value is "true" or "false") writer.WriteBoolean(name, value == "true");
        else if (long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) writer.WriteNumber(name, whole);
        else if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) writer.WriteNumber(name, number);
        else if (value.StartsWith('[') && value.EndsWith(']')) WriteList(writer, name, value[1..^1].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        else writer.WriteString(name, value);
    }

    private static void WriteList(Utf8JsonWriter writer, string name, IEnumerable<string> items)
    {
        writer.WriteStartArray(name);
        foreach (var item in items)
        {
            if (long.TryParse(item, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) writer.WriteNumberValue(number);
            else writer.WriteStringValue(item);
        }

        writer.WriteEndArray();
    }
}

/// <summary>The arguments and options that describe a load.</summary>
internal sealed class LoadForm
{
    private readonly Argument<string> model;
    private readonly Option<int?> context = new("--context-length", "-c") { HelpName = "TOKENS", Description = "The context to allocate." };
    private readonly Option<string?> gpu = new("--gpu") { HelpName = "RATIO", Description = "How much goes to the GPU: max, off, or a number from 0 to 1." };
    private readonly Option<int?> parallel = new("--parallel") { HelpName = "N", Description = "Requests that it runs at the same time." };
    private readonly Option<long?> ttl = new("--ttl") { HelpName = "SECONDS", Description = "Unload it after this time without requests; never, if left out." };
    private readonly Option<string?> identifier = new("--identifier") { HelpName = "NAME", Description = "What requests call this instance." };
    private readonly Option<bool> activate = new("--activate") { Description = "Make it the active model, for requests that name none." };
    private readonly Option<bool> exclusive = new("--exclusive") { Description = "Unload everything else first." };

    public LoadForm(Command command, CommandSurroundings surroundings)
    {
        model = ModelArgument.Required(surroundings);
        gpu.Validators.Add(RequireRatio);
        command.Arguments.Add(model);
        foreach (var option in new Option[] { context, gpu, parallel, ttl, identifier, activate, exclusive }) command.Options.Add(option);
    }

    /// <param name="parsed">The command line.</param>
    /// <param name="others">Further load parameters, given by <c>--set</c>.</param>
    public LoadOrderText Read(ParseResult parsed, IReadOnlyList<KeyValuePair<string, string>> others)
    {
        var parameters = new List<KeyValuePair<string, string>>();
        Add("contextLength", parsed.GetValue(context));
        Add("parallel", parsed.GetValue(parallel));
        Add("gpu.ratio", parsed.GetValue(gpu));
        parameters.AddRange(others);
        return new LoadOrderText(parsed.GetValue(model)!)
        {
            Identifier = parsed.GetValue(identifier),
            TtlSeconds = parsed.GetValue(ttl),
            Activate = parsed.GetValue(activate),
            Exclusive = parsed.GetValue(exclusive),
            Parameters = parameters,
        };

        void Add(string name, object? value)
        {
            if (value is not null) parameters.Add(KeyValuePair.Create(name, Convert.ToString(value, CultureInfo.InvariantCulture)!));
        }
    }

    private static void RequireRatio(OptionResult result)
    {
        if (result.Tokens is not [var token] || token.Value is "max" or "off") return;
        if (!double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio) || ratio is not (>= 0 and <= 1))
            result.AddError($"--gpu {token.Value}: max, off, or a number from 0 to 1 is expected");
    }
}
