using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.State;
using LmGateway.Vocabulary;

namespace LmGateway.Security;

/// <summary>The keys in the state folder, made and revoked by the program's own commands and by the admin API of a running service.</summary>
internal sealed class KeyFile(StateFolder folder, KeyRing ring, TimeProvider time)
{
    public const string FileName = "keys.json";

    /// <summary>When the file last changed; the epoch where there is none.</summary>
    public DateTimeOffset ChangedAt
    {
        get
        {
            var file = new FileInfo(Path.Combine(folder.Path, FileName));
            return file.Exists ? new DateTimeOffset(file.LastWriteTimeUtc) : DateTimeOffset.UnixEpoch;
        }
    }

    /// <summary>A damaged file counts as none: whoever had a key has none then, and is refused.</summary>
    public IReadOnlyList<StoredKey>? Read()
    {
        if (folder.Read(FileName) is not { } text) return [];
        try
        {
            return JsonSerializer.Deserialize(text, KeyJson.Default.KeyFileContent)?.Keys ?? [];
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Adds a key and returns its secret, which is not kept. The wanted key's hash is filled in here.</summary>
    public async Task<string> CreateAsync(StoredKey wanted, CancellationToken cancellationToken)
    {
        Check(wanted);
        if (IsOfSettings(wanted.Name)) throw Wrong("name", $"a key '{wanted.Name}' stands in the settings (security.keys)");
        var keys = Existing();
        if (keys.Any(key => key.Name == wanted.Name)) throw Wrong("name", $"a key '{wanted.Name}' exists already");
        var (secret, hash) = StoredKey.NewSecret();
        await WriteAsync([.. keys, wanted with { Sha256 = hash, Created = time.GetUtcNow() }], cancellationToken);
        return secret;
    }

    /// <summary>False where there is no such key.</summary>
    public async Task<bool> RevokeAsync(string name, CancellationToken cancellationToken)
    {
        if (IsOfSettings(name)) throw Wrong("name", $"the key '{name}' stands in the settings; remove it from security.keys");
        var keys = Existing();
        if (keys.All(key => key.Name != name)) return false;
        await WriteAsync([.. keys.Where(key => key.Name != name)], cancellationToken);
        return true;
    }

    private bool IsOfSettings(string name) => ring.OfSettings.Any(key => key.Name == name);

    private IReadOnlyList<StoredKey> Existing() =>
        Read() ?? throw new GatewayException(ErrorCode.Internal, $"{FileName} in the state folder is damaged. Mend it or remove it; removing it revokes every key in it.");

    private Task WriteAsync(IReadOnlyList<StoredKey> keys, CancellationToken cancellationToken) =>
        folder.WriteAsync(FileName, JsonSerializer.Serialize(new KeyFileContent(keys), KeyJson.Default.KeyFileContent), cancellationToken);

    /// <summary>Throws where the key cannot be one.</summary>
    public static void Check(StoredKey key)
    {
        if (!KeyEntry.IsName(key.Name)) throw Wrong("name", KeyEntry.NameRule);
        if (key.Name == SecurityOptions.MainKeyName) throw Wrong("name", $"'{SecurityOptions.MainKeyName}' is the key of the settings");
        if (key.Scopes.Count == 0) throw Wrong("scopes", $"one or more of {string.Join(", ", ScopeWords.All)} are expected");
        if (key.Scopes.FirstOrDefault(scope => !ScopeWords.All.Contains(scope)) is { } unknown)
            throw Wrong("scopes", $"there is no scope '{unknown}'; one or more of {string.Join(", ", ScopeWords.All)} are expected");
        if (key is { RequestsPerMinute: <= 0 } or { TokensPerMinute: <= 0 } or { TokensPerDay: <= 0 }) throw Wrong("limits", "a limit is a whole number from 1 on; leave it out for none");
    }

    private static GatewayException Wrong(string field, string fault) =>
        new(new GatewayError(ErrorCode.InvalidRequest, $"{field}: {fault}") { Parameter = field });
}
