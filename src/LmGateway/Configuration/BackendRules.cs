namespace LmGateway.Configuration;

/// <summary>The rules of the list of backends.</summary>
internal static class BackendRules
{
    private const string List = "backends";
    private const string Keys = "backend_keys";

    public static LoadedSettings Apply(LoadedSettings loaded, SettingsProblems problems)
    {
        loaded = AddOllama(loaded);
        CheckNames(loaded, problems);
        CheckKeys(loaded, problems);
        return loaded;
    }

    /// <summary>Who gives Ollama's address, or chooses Ollama for bring-up, has it; nobody else is asked to run it.</summary>
    private static LoadedSettings AddOllama(LoadedSettings loaded)
    {
        var isWanted = IsGiven(loaded, "ollama.base_url") || (IsGiven(loaded, "bring_up.backend") && loaded.Options.BringUp.Backend != BringUpOptions.LmStudio);
        if (loaded.Options.Backends.Count > 0 || !isWanted) return loaded;
        var first = loaded.Options.BackendEntries[0].ToString();
        // The provider openai has no address of its own in an entry: it is the one of inference.base_url.
        if (loaded.Options.Inference.Provider == InferenceOptions.OpenAi) first = $"{BackendEntry.OpenAi}@{loaded.Options.LmStudio.BaseUrl}";
        return loaded with { Options = loaded.Options with { Backends = [first, BackendEntry.Ollama] } };
    }

    private static void CheckNames(LoadedSettings loaded, SettingsProblems problems)
    {
        var setting = loaded.Effective[List];
        foreach (var twice in loaded.Options.BackendEntries.GroupBy(entry => entry.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
            problems.Errors.Add(new SettingError(List, twice.Key, setting.Source.Text, $"each backend needs a name of its own, for instance {twice.Key}2={twice.Last().Kind}{(twice.Last().Url is { } url ? $"@{url}" : "")}"));
        if (loaded.Options.Backends.Count > 0 && loaded.Options.Inference.Provider is { } provider && IsGiven(loaded, List))
            problems.Warnings.Add($"inference.provider = \"{provider}\" names no backend while {List} ({setting.Source}) lists them; it only switches the provider contract on.");
    }

    private static void CheckKeys(LoadedSettings loaded, SettingsProblems problems)
    {
        var setting = loaded.Effective[Keys];
        var names = loaded.Options.BackendEntries.Select(entry => entry.Name).ToList();
        foreach (var pair in loaded.Options.BackendKeys)
        {
            var name = pair[..Math.Max(0, pair.IndexOf('='))];
            if (name.Length == 0) problems.Errors.Add(new SettingError(Keys, "***", setting.Source.Text, $"name=key is expected, with the name of a backend: {string.Join(", ", names)}"));
            else if (!names.Contains(name, StringComparer.OrdinalIgnoreCase)) problems.Warnings.Add($"{Keys} ({setting.Source}): the key for '{name}' has no effect; the backends are {string.Join(", ", names)}.");
        }
    }

    private static bool IsGiven(LoadedSettings loaded, string key) => loaded.Effective[key].Source.Layer != LayerKind.Default;
}
