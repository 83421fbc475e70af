using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LmGateway.Tests.Backends.OpenAiCompatible;

/// <summary>One exchange with a real llama-server, out of <c>tests/fixtures/llama-server</c>.</summary>
internal sealed class Recording
{
    private readonly JsonElement response;

    private Recording(string name, JsonElement recorded)
    {
        Name = name;
        var request = recorded.GetProperty("request");
        response = recorded.GetProperty("response");
        Method = request.GetProperty("method").GetString()!;
        Path = PathOf(request.GetProperty("path").GetString()!);
        RequestBody = request.GetProperty("body").GetString();
        IsStreamed = IsStream(RequestBody);
    }

    public string Name { get; }

    public string Method { get; }

    public string Path { get; }

    public string? RequestBody { get; }

    /// <summary>The request asked for a stream.</summary>
    public bool IsStreamed { get; }

    public bool IsRefusal => response.GetProperty("status").GetInt32() >= 400;

    /// <summary>The body, or all pieces of a stream.</summary>
    public string Text => response.TryGetProperty("chunks", out var chunks) ? string.Concat(chunks.EnumerateArray().Select(Data)) : response.GetProperty("body").GetString() ?? "";

    public static Recording Load(string name) =>
        new(name, JsonElement.Parse(File.ReadAllBytes(System.IO.Path.Combine(AppContext.BaseDirectory, "fixtures", "llama-server", name + ".json"))));

    public static bool IsStream(string? body) => body?.Replace(" ", "", StringComparison.Ordinal).Contains("\"stream\":true", StringComparison.Ordinal) == true;

    /// <summary><c>/models</c> and <c>/v1/models</c> are one route.</summary>
    public static string PathOf(string path) => path.Split('?')[0] is var plain && plain == "/models" ? "/v1/models" : plain;

    /// <summary>The bytes of the answer as they were on the wire, piece by piece. Paths in bodies were shortened after the recording, so lengths are counted anew.</summary>
    public IEnumerable<byte[]> Wire()
    {
        var head = new StringBuilder(response.GetProperty("status_line").GetString()).Append("\r\n");
        foreach (var header in response.GetProperty("headers").EnumerateObject()) head.Append($"{header.Name}: {(header.Name == "Content-Length" ? Encoding.UTF8.GetByteCount(Text) : header.Value.GetString())}\r\n");
        yield return Encoding.Latin1.GetBytes(head.Append("\r\n").ToString());
        if (!response.TryGetProperty("chunks", out var chunks))
        {
            yield return Encoding.UTF8.GetBytes(response.GetProperty("body").GetString() ?? "");
            yield break;
        }

        foreach (var chunk in chunks.EnumerateArray())
        {
            var data = Encoding.UTF8.GetBytes(Data(chunk));
            if (data.Length == 0) continue;
            yield return [.. Encoding.ASCII.GetBytes(data.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n"), .. data, .. "\r\n"u8];
        }

        if (response.GetProperty("terminated").GetBoolean()) yield return "0\r\n\r\n"u8.ToArray();
    }

    /// <summary>The middle of a long stream was left out of its recording, with a note in its place.</summary>
    private static string Data(JsonElement chunk) => chunk.TryGetProperty("data", out var data) ? data.GetString()! : "";
}
