using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LmStudio.Simulator.WebSockets;

/// <summary>The credentials of a connection's first frame.</summary>
internal sealed partial record Credentials(string Identifier, string Passkey)
{
    private const int Version = 1;
    private const int MaxLength = 256;

    /// <summary>Null when the frame is not an authentication of version 1; such a frame is passed over in silence.</summary>
    public static Credentials? Read(JsonElement frame)
    {
        if (frame.ValueKind != JsonValueKind.Object || !frame.TryGetProperty("authVersion", out var version)) return null;
        if (version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out var number) || number != Version) return null;
        return Text(frame, "clientIdentifier") is { } identifier && Text(frame, "clientPasskey") is { } passkey ? new(identifier, passkey) : null;
    }

    /// <summary>The first frame of a connection.</summary>
    public JsonObject ToFrame() => new() { ["authVersion"] = Version, ["clientIdentifier"] = Identifier, ["clientPasskey"] = Passkey };

    /// <summary>Are these the two halves of <paramref name="apiToken"/> (<c>sk-lm-IDENTIFIER:PASSKEY</c>).</summary>
    public bool Fit(string apiToken)
    {
        var halves = Token().Match(apiToken);
        return halves.Success && halves.Groups["identifier"].Value == Identifier && halves.Groups["passkey"].Value == Passkey;
    }

    private static string? Text(JsonElement frame, string name) =>
        frame.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: <= MaxLength } text
            ? text
            : null;

    [GeneratedRegex("^sk-lm-(?<identifier>[A-Za-z0-9]{8}):(?<passkey>[A-Za-z0-9]{20})$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();
}
