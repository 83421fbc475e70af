using System.Text.Json;
using LmGateway.Cli.Service;
using LmGateway.Events;
using LmGateway.Security;

namespace LmGateway.Cli.Keys;

/// <summary>The keys that a running service keeps, over its <c>/admin/keys</c>; those of its settings are not among them.</summary>
internal sealed class KeysOfService(ServiceClient service) : IKeyStore
{
    public async Task<string> CreateAsync(StoredKey wanted, CancellationToken cancellationToken) =>
        (await service.PostAsync("admin/keys", wanted.WriteMembers, cancellationToken, ServiceClient.Patience)).Text("key") ?? throw ServiceFailures.Foreign(service.Location);

    public async Task<IReadOnlyList<StoredKey>> ListAsync(CancellationToken cancellationToken)
    {
        var answer = await service.GetAsync("admin/keys", cancellationToken);
        if (answer.Member("keys") is not { ValueKind: JsonValueKind.Array } keys) throw ServiceFailures.Foreign(service.Location);
        return [.. keys.EnumerateArray().Where(key => key.Text("source") == "state").Select(Read)];
    }

    public Task RevokeAsync(string name, CancellationToken cancellationToken) => service.DeleteAsync($"admin/keys/{Uri.EscapeDataString(name)}", cancellationToken);

    private static StoredKey Read(JsonElement key) => new()
    {
        Name = key.Text("name") ?? "",
        Sha256 = "",
        Scopes = Texts(key, "scopes"),
        Models = Texts(key, "models"),
        RequestsPerMinute = (int?)Number(key, "requestsPerMinute"),
        TokensPerMinute = Number(key, "tokensPerMinute"),
        TokensPerDay = Number(key, "tokensPerDay"),
    };

    private static IReadOnlyList<string> Texts(JsonElement key, string name) =>
        key.Member(name) is { ValueKind: JsonValueKind.Array } texts ? [.. texts.EnumerateArray().Select(text => text.GetString() ?? "")] : [];

    private static long? Number(JsonElement key, string name) => key.Member(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var whole) ? whole : null;
}
