using System.Globalization;
using System.Text.RegularExpressions;
using LmGateway.Events;
using LmStudio.Client.Wire;

namespace LmGateway.Backends.LmStudio;

/// <summary>Makes events of LM Studio's log: its lines as they are, and the figures that people look for in them.</summary>
internal static partial class LmStudioLogFacts
{
    private static readonly IReadOnlyList<KeyValuePair<string, double>> None = [];

    public static IEnumerable<GatewayEvent> Of(string backend, LogEvent happened) => happened switch
    {
        LogEvent.PredictionInput input => [new BackendLogFact("lmstudio.chat_start", backend, input.ModelIdentifier, [new("promptCharacters", input.Input.Length)])],
        LogEvent.PredictionOutput output => [new BackendLogFact("lmstudio.token_info", backend, output.ModelIdentifier, Figures(output.Stats))],
        LogEvent.Server line => Of(new BackendLogLine(backend, line.Level ?? "info", line.Content)),
        LogEvent.Runtime line => Of(new BackendLogLine(backend, line.Level ?? "info", line.Message) { Engine = line.EngineName, InstanceId = line.ModelIdentifier }),
        _ => [],
    };

    private static IEnumerable<GatewayEvent> Of(BackendLogLine line)
    {
        yield return line;
        var text = line.Message;
        if (text.Contains("Running chat completion on conversation", StringComparison.Ordinal)) yield return Fact("lmstudio.chat_start", None);
        if (text.Contains("BeginProcessingPrompt", StringComparison.Ordinal)) yield return Fact("lmstudio.processing_start", None);
        if (text.Contains("Sampling params:", StringComparison.Ordinal)) yield return Fact("lmstudio.sampling_params", Assignments(text));
        if (PromptProgress().Match(text) is { Success: true } progress) yield return Fact("lmstudio.prompt_progress", [Figure(progress, "progress")]);
        if (CacheReuse().Match(text) is { Success: true } cache)
            yield return Fact("lmstudio.cache_stats", [Figure(cache, "reused"), Figure(cache, "total"), Figure(cache, "percentage"), Figure(cache, "prefix"), Figure(cache, "nonPrefix")]);
        if (text.Contains("Generate: n_ctx", StringComparison.Ordinal)) yield return Fact("lmstudio.token_info", Assignments(text));
        if (PromptTokens().Match(text) is { Success: true } prompt) yield return Fact("lmstudio.token_info", [Figure(prompt, "totalPromptTokens")]);
        if (TokensToDecode().Match(text) is { Success: true } decode) yield return Fact("lmstudio.token_info", [Figure(decode, "promptTokensToDecode")]);

        BackendLogFact Fact(string fact, IReadOnlyList<KeyValuePair<string, double>> figures) => new(fact, line.Backend, line.InstanceId, figures);
    }

    private static IReadOnlyList<KeyValuePair<string, double>> Figures(PredictionStats? stats)
    {
        var figures = new List<KeyValuePair<string, double>>();
        Add("totalPromptTokens", stats?.PromptTokensCount);
        Add("predictedTokens", stats?.PredictedTokensCount);
        Add("tokensPerSecond", stats?.TokensPerSecond);
        Add("timeToFirstTokenSec", stats?.TimeToFirstToken?.TotalSeconds);
        return figures;

        void Add(string name, double? value)
        {
            if (value is { } known && double.IsFinite(known)) figures.Add(new(name, known));
        }
    }

    /// <summary>Every <c>name = number</c> of a line.</summary>
    private static IReadOnlyList<KeyValuePair<string, double>> Assignments(string text) =>
        [.. Assignment().Matches(text).Select(match => new KeyValuePair<string, double>(match.Groups["name"].Value, Number(match.Groups["value"].Value))).DistinctBy(pair => pair.Key)];

    private static KeyValuePair<string, double> Figure(Match match, string name) => new(name, Number(match.Groups[name].Value));

    private static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : 0;

    [GeneratedRegex(@"\b(?<name>[a-z][a-z_]*) = (?<value>-?\d+(\.\d+)?)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"Prompt processing progress: (?<progress>\d+(\.\d+)?)%", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PromptProgress();

    [GeneratedRegex(@"Cache reuse summary: (?<reused>\d+)/(?<total>\d+) of prompt \((?<percentage>\d+(\.\d+)?)%\), (?<prefix>\d+) prefix, (?<nonPrefix>\d+) non-prefix", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CacheReuse();

    [GeneratedRegex(@"Total prompt tokens: (?<totalPromptTokens>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PromptTokens();

    [GeneratedRegex(@"Prompt tokens to decode: (?<promptTokensToDecode>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TokensToDecode();
}
