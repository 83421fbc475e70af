namespace LmGateway.Configuration;

/// <summary>The rules of the list of named keys. Everything that is wrong with any of them is said at once.</summary>
internal static class KeyRules
{
    private const string List = "security.keys";

    public static void Check(LoadedSettings loaded, SettingsProblems problems)
    {
        var source = loaded.Effective[List].Source;
        var entries = new List<KeyEntry>();
        for (var at = 0; at < loaded.Options.Security.Keys.Count; at++)
        {
            var faults = new List<string>();
            var entry = KeyEntry.Read(loaded.Options.Security.Keys[at], faults);
            var shown = entry.Name.Length > 0 ? entry.Name : $"entry {at + 1}";
            foreach (var fault in faults) problems.Errors.Add(new SettingError(List, shown, source.Text, fault));
            if (entry.Key is not null && source.Layer == LayerKind.File)
                problems.Warnings.Add($"{List} ({source}): the secret of '{shown}' stands there in clear. Its SHA-256 as sha256 does as well (printf %s 'THE-SECRET' | sha256sum).");
            entries.Add(entry);
        }

        foreach (var twice in entries.Where(entry => entry.Name.Length > 0).GroupBy(entry => entry.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
            problems.Errors.Add(new SettingError(List, twice.Key, source.Text, "each key needs a name of its own"));
        foreach (var same in entries.Where(entry => entry.Sha256.Length > 0).GroupBy(entry => entry.Sha256, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
            problems.Errors.Add(new SettingError(List, string.Join(", ", same.Select(entry => entry.Name)), source.Text, "each key needs a secret of its own"));
    }
}
