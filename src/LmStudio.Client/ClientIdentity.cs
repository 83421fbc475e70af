using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace LmStudio.Client;

/// <summary>Who this client says it is on the WebSocket: the same on every namespace, or the server refuses the second one.</summary>
internal sealed partial record ClientIdentity(string Identifier, string Passkey)
{
    private const int MaxLength = 256;

    public static ClientIdentity Of(LmStudioClientOptions options)
    {
        if (options.ClientIdentifier is { } identifier)
            return Checked(new ClientIdentity(identifier, options.ClientPasskey ?? ""));
        if (options.ClientPasskey is not null)
            throw new ArgumentException("A client passkey needs a client identifier.", nameof(options));
        if (options.ApiToken is not { } token)
            return new ClientIdentity("guest:" + Random(), Random());

        var parts = TokenPattern().Match(token);
        return parts.Success
            ? new ClientIdentity(parts.Groups["name"].Value, parts.Groups["secret"].Value)
            : throw new ArgumentException("The API token does not look like sk-lm-XXXXXXXX:YYYYYYYYYYYYYYYYYYYY.", nameof(options));
    }

    public static bool IsToken(string text) => TokenPattern().IsMatch(text);

    /// <summary>The passkey is a secret: it never shows up in a log by way of this record.</summary>
    public override string ToString() => Identifier;

    private static ClientIdentity Checked(ClientIdentity identity) =>
        identity.Identifier.Length is > 0 and <= MaxLength && identity.Passkey.Length <= MaxLength
            ? identity
            : throw new ArgumentException($"The client identifier and passkey may have at most {MaxLength} characters.", nameof(identity));

    private static string Random() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));

    [GeneratedRegex("^sk-lm-(?<name>[A-Za-z0-9]{8}):(?<secret>[A-Za-z0-9]{20})\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TokenPattern();
}
