using LmGateway.Configuration;

namespace LmGateway.Cli.Service;

/// <summary>Where the service is, and the key that it may want.</summary>
/// <param name="Address">Its address.</param>
/// <param name="IsNamed">Somebody named it, by <c>--url</c> or <c>LMGATEWAY_URL</c>; otherwise it is where the settings make it listen.</param>
/// <param name="Key">Never shown.</param>
internal sealed record ServiceLocation(Uri Address, bool IsNamed, string? Key)
{
    public const string UrlVariable = "LMGATEWAY_URL";
    public const string KeyVariable = "LMGATEWAY_KEY";

    private const string Usual = "http://127.0.0.1:8000";

    /// <summary>As people write it, without a slash at the end.</summary>
    public string Name => Address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    public static ServiceLocation Of(GatewayOptions options, string? url, string? key, CommandSurroundings surroundings)
    {
        var named = string.IsNullOrEmpty(url) ? surroundings.Variable(UrlVariable) : url;
        var secret = string.IsNullOrEmpty(key) ? options.Security.KeyToPresent : key;
        return new ServiceLocation(Parse(named ?? Configured(options)), named is not null, secret);
    }

    private static Uri Parse(string text)
    {
        // A host and port without a scheme are how people write an address.
        var full = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
        var written = text.Contains("://", StringComparison.Ordinal) || text.Contains(':', StringComparison.Ordinal) || text.Contains('.', StringComparison.Ordinal);
        if (written && Uri.TryCreate(full.TrimEnd('/') + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.Host.Length > 0) return address;
        throw new CommandException(CommandFailure.Usage(
            $"'{text}' is not the address of a service, such as {Usual}.", $"Correct --url or {UrlVariable}, or leave it out to use the address in the settings."));
    }

    private static string Configured(GatewayOptions options) => options.Listen.Addresses.Where(address => address.Port != 0).ToList() switch
    {
        [] => Usual,
        [{ IsEveryInterface: true } listening, ..] => $"http://127.0.0.1:{listening.Port}",
        [var listening, ..] => listening.ToString(),
    };
}
