using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LeanNats.Protocol;

/// <summary>The JSON of CONNECT. What is null is left out.</summary>
internal sealed record ConnectOptions
{
    public bool Verbose { get; init; }

    public bool Pedantic { get; init; }

    public bool TlsRequired { get; init; }

    public string? AuthToken { get; init; }

    public string? User { get; init; }

    public string? Pass { get; init; }

    public string? Jwt { get; init; }

    public string? Nkey { get; init; }

    public string? Sig { get; init; }

    public required string Name { get; init; }

    public string Lang { get; init; } = ".net";

    public string Version { get; init; } = "1.0.0";

    /// <summary>1 = this client understands INFO at any time.</summary>
    public int Protocol { get; init; } = 1;

    public required bool Echo { get; init; }

    public bool Headers { get; init; } = true;

    public bool NoResponders { get; init; } = true;

    /// <summary>Never prints a secret.</summary>
    public override string ToString() => $"CONNECT of {Name}";
}

/// <summary>The JSON of INFO and CONNECT.</summary>
internal static class ConnectJson
{
    private const long DefaultMaxPayload = 1024 * 1024;

    // The text goes over a socket only, never into HTML.
    private static readonly ConnectJsonContext Context = new(new JsonSerializerOptions(ConnectJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static byte[] Write(ConnectOptions options) => JsonSerializer.SerializeToUtf8Bytes(options, Context.ConnectOptions);

    /// <summary>Throws <see cref="NatsProtocolViolationException"/> for anything that is not an INFO.</summary>
    public static NatsServerInfo ReadInfo(ReadOnlySpan<byte> json)
    {
        try
        {
            var info = JsonSerializer.Deserialize(json, Context.NatsServerInfo)
                ?? throw new NatsProtocolViolationException("The server's INFO is null.");
            return info.MaxPayload > 0 ? info : info with { MaxPayload = DefaultMaxPayload };
        }
        catch (JsonException)
        {
            throw new NatsProtocolViolationException("The server's INFO is not the JSON that the protocol asks for.");
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NatsServerInfo))]
[JsonSerializable(typeof(ConnectOptions))]
internal sealed partial class ConnectJsonContext : JsonSerializerContext;
