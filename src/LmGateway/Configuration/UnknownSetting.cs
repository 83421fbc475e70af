namespace LmGateway.Configuration;

/// <summary>What to say about a name that no setting has.</summary>
internal static class UnknownSetting
{
    private const string ProductPrefix = "LMGATEWAY_";
    private const string ContractPrefix = "INFERENCE_INFERENCE_";

    /// <summary>Names shorter than this are too often near another by chance.</summary>
    private const int GuessableLength = 6;

    /// <summary>The error for a key in the file or on the command line. The value is not shown: a misspelt key may hold a secret.</summary>
    public static SettingError Error(string key, string source) => new(key, null, source, Sentence(MeantKey(key)));

    /// <summary>
    /// The warning for an environment name, or null where it is none of ours: an environment is shared with other programs.
    /// In a <c>.env</c> file, names that are almost a setting's are told too.
    /// </summary>
    public static string? Warning(RawValue value)
    {
        var name = value.Name;
        if (SettingTable.HasEnvironmentName(name) || ReservedNames.Contains(name)) return null;
        var isProduct = name.StartsWith(ProductPrefix, StringComparison.Ordinal);
        var isOurs = isProduct && name.Contains("__", StringComparison.Ordinal) || name.StartsWith(ContractPrefix, StringComparison.Ordinal);
        var isGuessed = isOurs || isProduct || value.Source.Layer == LayerKind.DotEnv && name.Length >= GuessableLength;
        if (!isGuessed) return null;
        var meant = DidYouMean.Nearest(name, SettingTable.EnvironmentNames);
        return isOurs || meant is not null ? $"{value.Origin}: {Sentence(meant)}" : null;
    }

    private static string? MeantKey(string key)
    {
        var known = SettingTable.Keys.Concat(SettingTable.Keys.SelectMany(Sections)).Distinct().ToArray();
        if (DidYouMean.Nearest(key, known) is { } nearest) return nearest;
        return TheOnly(SettingTable.Keys.Where(name => name.StartsWith(key, StringComparison.Ordinal)))
            ?? TheOnly(SettingTable.Keys.Where(name => DidYouMean.Nearest(LastPart(key), [LastPart(name)]) is not null));
    }

    private static string? TheOnly(IEnumerable<string> names) => names.Take(2).ToArray() is [var only] ? only : null;

    private static string Sentence(string? meant) => meant is null
        ? "there is no such setting; lmgateway.example.yaml lists all"
        : $"there is no such setting; did you mean {meant}?";

    private static IEnumerable<string> Sections(string key)
    {
        for (var dot = key.IndexOf('.', StringComparison.Ordinal); dot > 0; dot = key.IndexOf('.', dot + 1))
            yield return key[..dot];
    }

    private static string LastPart(string key) => key[(key.LastIndexOf('.') + 1)..];
}
