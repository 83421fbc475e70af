using System.Net.Http.Headers;
using System.Text;

namespace LmGateway.Tests.Examples;

/// <summary>The request that a printed <c>curl</c> command makes.</summary>
internal sealed record CurlCommand(string Method, Uri Address)
{
    public IReadOnlyList<(string Name, string Value)> Headers { get; private init; } = [];

    public string? Body { get; private init; }

    /// <summary><c>-N</c>: whoever printed it wants to see the reply as it comes.</summary>
    public bool Streamed { get; private init; }

    /// <summary>The commands of a script that call curl.</summary>
    public static IReadOnlyList<CurlCommand> All(string script) =>
        [.. ShellText.Commands(script).Where(words => words[0] == "curl").Select(words => Parse([.. words.Skip(1)]))];

    /// <summary>The request, to another host and port.</summary>
    public HttpRequestMessage ToRequest(Uri server)
    {
        var request = new HttpRequestMessage(new HttpMethod(Method), new Uri(server, Address.PathAndQuery));
        if (Body is not null) request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body));
        foreach (var (name, value) in Headers)
        {
            if (!name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)) request.Headers.Add(name, value);
            else if (request.Content is { } content) content.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
        }

        // What curl itself says of a body whose type it is not told.
        if (request.Content is { Headers.ContentType: null } untyped) untyped.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        return request;
    }

    private static CurlCommand Parse(string[] words)
    {
        string? method = null, body = null, address = null;
        var streamed = false;
        var headers = new List<(string, string)>();
        for (var at = 0; at < words.Length; at++)
        {
            switch (words[at])
            {
                case "-X":
                    method = words[++at];
                    break;
                case "-H":
                    var header = words[++at].Split(':', 2);
                    headers.Add((header[0], header[1].Trim()));
                    break;
                case "-d":
                    body = words[++at];
                    break;
                case "-N":
                    streamed = true;
                    break;
                case ['-', ..] option:
                    throw new FormatException($"curl {option}: the examples do not use this option so far; teach it to CurlCommand.");
                default:
                    address = words[at];
                    break;
            }
        }

        return new CurlCommand(method ?? (body is null ? "GET" : "POST"), new Uri(address ?? throw new FormatException("A curl command names no address.")))
        {
            Headers = headers,
            Body = body,
            Streamed = streamed,
        };
    }
}
