using System.Globalization;
using LmGateway.Vocabulary;

namespace LmGateway.Configuration;

/// <summary>
/// One named key, as <c>security.keys</c> lists it: a mapping in the file, and fields between blanks in one text elsewhere
/// (<c>name=laptop sha256=… scopes=inference|debug</c>).
/// </summary>
internal sealed record KeyEntry
{
    public const string Example = "name=laptop sha256=b37d2cbfd875891e9ed073fcbe61f35a990bee8eecbdd07f9efc51339d5ffd66 scopes=inference models=qwen/qwen3-4b-2507 requests_per_minute=60";
    public const string NameRule = "1 to 64 letters, digits, '-', '_' and '.' are expected";

    /// <summary>Stands between the items of one field.</summary>
    public const char ItemSeparator = '|';

    private const int LongestName = 64;
    private const int HashLength = 64;
    private const string HashPrefix = "sha256:";

    private static readonly string[] Shown = ["name", "scopes", "models", "requests_per_minute", "tokens_per_minute", "tokens_per_day"];

    public static IReadOnlyList<string> OptionalFields => Shown[1..];

    public required string Name { get; init; }

    /// <summary>SHA-256 of the secret in hexadecimal digits; empty where the secret itself is given.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The secret in clear; null where its hash is given.</summary>
    public string? Key { get; init; }

    public IReadOnlyList<string> Scopes { get; init; } = ["inference"];
    public IReadOnlyList<string> Models { get; init; } = [];
    public int? RequestsPerMinute { get; init; }
    public long? TokensPerMinute { get; init; }
    public long? TokensPerDay { get; init; }

    /// <summary>Reads an entry; what is wrong with it is added to <paramref name="faults"/>, each with the fix, and read as if it were not there.</summary>
    public static KeyEntry Read(string text, ICollection<string> faults)
    {
        var fields = new Fields(text, faults);
        var (name, hash, secret) = (fields.Text("name") ?? "", fields.Text("sha256"), fields.Text("key"));
        if (hash?.StartsWith(HashPrefix, StringComparison.OrdinalIgnoreCase) == true) hash = hash[HashPrefix.Length..];
        var scopes = fields.Items("scopes");
        if (!IsName(name)) faults.Add($"name: {NameRule}");
        if (name == SecurityOptions.MainKeyName) faults.Add($"name: '{name}' is the key security.api_key; another name is expected");
        if (hash is null == secret is null) faults.Add("either sha256 (lmgateway keys create NAME --print-hash prints it) or key (the secret itself) is expected");
        if (hash is not null && (hash.Length != HashLength || !hash.All(char.IsAsciiHexDigit))) faults.Add($"sha256: {HashLength} hexadecimal digits are expected");
        if (secret?.All(letter => letter is > ' ' and <= '~') == false) faults.Add("key: printable ASCII text is expected");
        foreach (var scope in scopes.Where(scope => ScopeWords.Read(scope) == KeyScopes.None)) faults.Add($"scopes: there is no scope '{scope}'; {string.Join(", ", ScopeWords.All)} are expected");
        var entry = new KeyEntry
        {
            Name = name,
            Sha256 = hash ?? "",
            Key = secret,
            Scopes = scopes.Count > 0 ? scopes : ["inference"],
            Models = fields.Items("models"),
            RequestsPerMinute = (int?)fields.Limit("requests_per_minute", int.MaxValue),
            TokensPerMinute = fields.Limit("tokens_per_minute", long.MaxValue),
            TokensPerDay = fields.Limit("tokens_per_day", long.MaxValue),
        };
        fields.TellUnknown();
        return entry;
    }

    public static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');

    /// <summary>The entry without its secret, and without whatever might be one.</summary>
    public static string Masked(string text) => string.Join(' ', Split(text).Select(field => Array.Exists(Shown, name => field.StartsWith(name + "=", StringComparison.Ordinal)) ? field : Hidden(field)));

    private static string Hidden(string field) => field.IndexOf('=') is >= 0 and var equals ? field[..(equals + 1)] + "***" : "***";

    private static string[] Split(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The fields of one text, each taken once.</summary>
    private sealed class Fields(string text, ICollection<string> faults)
    {
        private readonly Dictionary<string, string> left = Split(text).Select(field => field.Split('=', 2)).GroupBy(pair => pair[0], StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last().ElementAtOrDefault(1) ?? "", StringComparer.Ordinal);

        public string? Text(string name) => left.Remove(name, out var value) && value.Length > 0 ? value : null;

        public IReadOnlyList<string> Items(string name) => Text(name)?.Split(ItemSeparator, StringSplitOptions.RemoveEmptyEntries) ?? [];

        public long? Limit(string name, long most)
        {
            if (Text(name) is not { } value) return null;
            if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 && limit <= most) return limit;
            faults.Add($"{name}: a whole number from 1 on is expected; leave it out for no limit");
            return null;
        }

        /// <summary>Values are not shown: a misspelt field may hold a secret.</summary>
        public void TellUnknown()
        {
            string[] known = [.. Shown, "sha256", "key"];
            foreach (var name in left.Keys.Where(name => !known.Contains(name)))
                faults.Add(DidYouMean.Nearest(name, known) is { } meant ? $"there is no field '{name}'; did you mean {meant}?" : $"there is no such field as one of those given; there are {string.Join(", ", known)}");
        }
    }
}
