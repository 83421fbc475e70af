using System.Text.Encodings.Web;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Catalog;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>LM Studio's own lists of models, cut down to what the holder of a key may see.</summary>
internal static class ListedModels
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The whole of a reply; one past the limit is a fault of the backend.</summary>
    public static async Task<byte[]> ReadAsync(ExchangeReply reply, long limit, CancellationToken cancellationToken)
    {
        using var held = await HeldReply.ReadAsync(reply, limit, cancellationToken);
        return held.Memory.ToArray();
    }

    /// <summary>
    /// The list without other models: <c>data</c> with an <c>id</c> each, or <c>models</c> with a <c>key</c> each. What is no such list has nothing
    /// in it that may be seen.
    /// </summary>
    public static byte[] Allowed(ReadOnlyMemory<byte> list, CatalogSnapshot catalog, KeyGrant grant)
    {
        using var document = Parse(list);
        using var json = new MemoryStream(list.Length);
        using (var writer = new Utf8JsonWriter(json, Readable))
        {
            writer.WriteStartObject();
            foreach (var member in document.RootElement.EnumerateObject()) Write(writer, member, name => IsAllowed(name, catalog, grant));
            writer.WriteEndObject();
        }

        return json.ToArray();
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> list)
    {
        try
        {
            var document = JsonDocument.Parse(list);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : throw new JsonException("an object is expected");
        }
        catch (JsonException fault)
        {
            throw new GatewayException(new GatewayError(ErrorCode.BackendFault, $"The backend's list of models cannot be read: {fault.Message}"), fault);
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonProperty member, Func<string, bool> isAllowed)
    {
        if (member.Value.ValueKind != JsonValueKind.Array)
        {
            member.WriteTo(writer);
            return;
        }

        writer.WriteStartArray(member.Name);
        foreach (var model in member.Value.EnumerateArray())
            if (NameOf(model) is { } name && isAllowed(name)) model.WriteTo(writer);
        writer.WriteEndArray();
    }

    private static string? NameOf(JsonElement model)
    {
        foreach (var member in (string[])["key", "id"])
            if (model.ValueKind == JsonValueKind.Object && model.TryGetProperty(member, out var name) && name.ValueKind == JsonValueKind.String) return name.GetString();
        return null;
    }

    /// <summary>A loaded model is listed by its instance's identifier.</summary>
    private static bool IsAllowed(string name, CatalogSnapshot catalog, KeyGrant grant)
    {
        if (grant.Allows(name)) return true;
        foreach (var instance in catalog.InstancesWithIdentifier(name))
            if (grant.Allows(instance.ModelKey)) return true;
        return false;
    }
}
