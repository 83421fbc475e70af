using System.Text.Json;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Sockets;

/// <summary>
/// A <c>communicationWarning</c> of the server. It carries no id: which request it is about must be read from its kind, or from
/// its text where an older server sends no kind.
/// </summary>
internal sealed record PeerWarning(string Text, string? Kind, string? Endpoint, bool AboutChannel, bool IsRefusal, bool EndpointMissing)
{
    private static readonly string[] RefusalKinds = ["EndpointUnknown", "EndpointUnhandled", "ParameterTypeError"];
    private static readonly string[] EndpointMarks = ["endpointName = ", "endpoint = "];

    public static PeerWarning Read(JsonElement frame)
    {
        var text = frame.Text("warning") ?? "";
        var kind = frame.Text("kind");
        var aboutChannel = kind is null
            ? !text.StartsWith("Received rpcCall", StringComparison.Ordinal) && !text.Contains("for rpcCall", StringComparison.Ordinal)
            : kind.StartsWith("channel", StringComparison.Ordinal);
        var missing = kind is null
            ? text.StartsWith("Received rpcCall for unknown", StringComparison.Ordinal)
                || text.StartsWith("Received channelCreate for unknown", StringComparison.Ordinal)
            : kind is "rpcEndpointUnknown" or "channelEndpointUnknown";
        var refusal = kind is null
            ? missing || text.StartsWith("Received invalid", StringComparison.Ordinal)
            : RefusalKinds.Any(ending => kind.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
        var endpoint = EndpointIn(text);
        return new PeerWarning(text, kind, endpoint, aboutChannel, refusal && endpoint is not null, missing);
    }

    /// <summary>The exception for a request that this warning refuses.</summary>
    public LmStudioException Failure(string endpoint) =>
        EndpointMissing
            ? new LmStudioEndpointMissingException(endpoint, $"This LM Studio has no endpoint '{endpoint}'.")
            : new LmStudioProtocolException(Text, Kind);

    private static string? EndpointIn(string text)
    {
        foreach (var mark in EndpointMarks)
        {
            var start = text.IndexOf(mark, StringComparison.Ordinal);
            if (start < 0) continue;
            var rest = text.AsSpan(start + mark.Length);
            var end = rest.IndexOfAny(", \n\r.");
            return (end < 0 ? rest : rest[..end]).ToString();
        }

        return null;
    }
}
