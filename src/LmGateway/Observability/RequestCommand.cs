using System.Text;

namespace LmGateway.Observability;

/// <summary>A request as a curl command that sends it again. The key is left for the reader to put in.</summary>
internal static class RequestCommand
{
    /// <summary>Null for a request that did not come over HTTP. Without a captured body a small one stands in.</summary>
    public static string? Of(RequestTrace trace, string address)
    {
        if (trace.Call is not { Method: { } method, Path: { } path }) return null;
        var command = new StringBuilder("curl ");
        if (trace.Streamed) command.Append("-N ");
        command.Append("-X ").Append(method).Append(' ').Append(Quoted(address + path))
            .Append(" -H 'Content-Type: application/json' -H \"X-API-Key: $LMGATEWAY_KEY\" -d ")
            .Append(Quoted(trace.Bodies?.Request() is { Length: > 0 } body ? body : Stub(trace)));
        return command.ToString();
    }

    private static string Stub(RequestTrace trace)
    {
        var stream = trace.Streamed ? ",\"stream\":true" : "";
        var model = System.Text.Json.JsonEncodedText.Encode(trace.AskedModel);
        return $$"""{"model":"{{model}}","messages":[{"role":"user","content":"…"}]{{stream}}}""";
    }

    /// <summary>One word of a POSIX shell.</summary>
    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
