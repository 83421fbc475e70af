using System.Text.Json;
using System.Text.RegularExpressions;

namespace LmStudio.Simulator.WebSockets;

/// <summary>The credentials of a connection's first frame.</summary>
internal sealed partial record Credentials(string Identifier, string Passkey)
{
    private const int MaxLength = 256;

    /// <summary>Null when the frame is not an authentication of version 1; such a frame is passed over in silence.</summary>
    public static Credentials? Read(JsonElement frame)
    {
        if (frame.ValueKind != JsonValueKind.Object) return null;
        var version = frame.TryGetProperty("authVersion", out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var one) && one == 1;
        return version && Text(frame, "clientIdentifier") is { } identifier && Text(frame, "clientPasskey") is { } passkey ? new Credentials(identifier, passkey) : null;
    }

    /// <summary>Are these the two halves of <paramref name="apiToken"/> (<c>sk-lm-IDENTIFIER:PASSKEY</c>).</summary>
    public bool Fit(string apiToken)
    {
        var halves = Token().Match(apiToken);
        return halves.Success && halves.Groups["identifier"].Value == Identifier && halves.Groups["passkey"].Value == Passkey;
    }

    private static string? Text(JsonElement frame, string name) =>
        frame.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: <= MaxLength } text ? text : null;

    [GeneratedRegex("^sk-lm-(?<identifier>[A-Za-z0-9]{8}):(?<passkey>[A-Za-z0-9]{20})$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();
}
