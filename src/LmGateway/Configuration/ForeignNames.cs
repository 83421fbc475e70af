namespace LmGateway.Configuration;

/// <summary>
/// Names that people also set for other programs. What does not fit this one is put aside with a warning instead of being
/// refused or, worse, believed: a cloud address or its key must not become a backend's.
/// </summary>
internal sealed class ForeignNames(SettingsProblems problems, PathVariables paths)
{
    private const string OpenAiAddress = "OPENAI_BASE_URL";
    private const string OpenAiKey = "OPENAI_API_KEY";
    private const string RustLog = "RUST_LOG";

    public IReadOnlyList<SettingsLayer> Sift(IReadOnlyList<SettingsLayer> layers) => SiftLevel(SiftKey(SiftAddress(layers)));

    /// <summary><c>OPENAI_BASE_URL</c> counts only where it points to this machine or a private network.</summary>
    private IReadOnlyList<SettingsLayer> SiftAddress(IReadOnlyList<SettingsLayer> layers)
    {
        if (Strongest(layers, OpenAiAddress) is not { } given || BaseUrl.Normalise(given.Text) is { } url && BaseUrl.IsPrivate(url)) return layers;
        problems.Warnings.Add($"{given.Origin} is ignored: it is not a loopback or private address. To use it as the backend set LMSTUDIO_BASE_URL.");
        return Without(layers, OpenAiAddress);
    }

    /// <summary>
    /// <c>OPENAI_API_KEY</c> goes only to the address that <c>OPENAI_BASE_URL</c> gave, where that is the one in use. There the provider
    /// openai gets it as its key; LM Studio gets it as its token.
    /// </summary>
    private IReadOnlyList<SettingsLayer> SiftKey(IReadOnlyList<SettingsLayer> layers)
    {
        if (InUse(layers, "lmstudio.base_url") is not string url || Strongest(layers, OpenAiAddress) is not { } given || BaseUrl.Normalise(given.Text) != url)
            return Without(layers, OpenAiKey);
        return InUse(layers, "inference.provider") is InferenceOptions.OpenAi ? [.. layers.Select(AsProvidersKey)] : layers;
    }

    private static SettingsLayer AsProvidersKey(SettingsLayer layer)
    {
        if (!layer.Values.TryGetValue(OpenAiKey, out var key)) return layer;
        var name = SettingTable.Of("inference.openai.api_key").EnvironmentNames[^1];
        return layer.Values.ContainsKey(name) ? layer.Without(OpenAiKey) : SettingsLayer.Of(layer.Kind, layer.Without(OpenAiKey).Values.Values.Append(key with { Name = name }));
    }

    private object? InUse(IReadOnlyList<SettingsLayer> layers, string key)
    {
        var setting = SettingTable.Of(key);
        return layers.SelectMany(layer => layer.ValuesOf(setting)).FirstOrDefault() is { } winner ? ValueReader.Read(setting, winner, paths).Value : null;
    }

    /// <summary><c>RUST_LOG</c> may be a list of directives (<c>info,hyper=warn</c>): its plain level counts.</summary>
    private IReadOnlyList<SettingsLayer> SiftLevel(IReadOnlyList<SettingsLayer> layers)
    {
        if (Strongest(layers, RustLog) is not { } given) return layers;
        var levels = Enum.GetNames<LogThreshold>();
        var level = given.Text.Split(',', StringSplitOptions.TrimEntries).FirstOrDefault(directive => levels.Contains(directive, StringComparer.OrdinalIgnoreCase));
        var rest = Without(layers, RustLog);
        if (level is not null)
            return [.. rest.Select(layer => layer.Kind == given.Source.Layer ? SettingsLayer.Of(layer.Kind, layer.Values.Values.Append(given with { Text = level })) : layer)];
        problems.Warnings.Add($"{given.Origin} is ignored: one of {string.Join(", ", levels).ToLowerInvariant()} is expected.");
        return rest;
    }

    private static RawValue? Strongest(IReadOnlyList<SettingsLayer> layers, string name) =>
        layers.Select(layer => layer.Values.GetValueOrDefault(name)).FirstOrDefault(value => value is not null);

    private static SettingsLayer[] Without(IReadOnlyList<SettingsLayer> layers, string name) =>
        [.. layers.Select(layer => layer.Without(name))];
}
