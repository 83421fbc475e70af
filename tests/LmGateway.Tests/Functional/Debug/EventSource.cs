using System.Text.Json;

namespace LmGateway.Tests.Functional.Debug;

/// <summary>One server-sent event; a comment has no name.</summary>
internal sealed record SentEvent(string? Id, string? Name, string Data)
{
    public JsonElement Json => JsonElement.Parse(Data);
}

/// <summary>A reader of <c>/debug/stream</c>, as a program has it.</summary>
internal sealed class EventSource : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly StreamReader lines;

    private EventSource(HttpResponseMessage response, StreamReader lines) => (Response, this.lines) = (response, lines);

    public HttpResponseMessage Response { get; }

    public string? LastId { get; private set; }

    /// <summary>Connects; the stream is open when this returns.</summary>
    public static async Task<EventSource> OpenAsync(HttpClient http, string path = "/debug/stream", string? after = null, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (after is not null) request.Headers.Add("Last-Event-ID", after);
        if (key is not null) request.Headers.Add("X-API-Key", key);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new EventSource(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next event or comment; null at the end of the stream.</summary>
    public async Task<SentEvent?> ReadAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        string? id = null, name = null, data = null;
        while (await lines.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Length == 0) return Noted(new SentEvent(id, name, data ?? ""));
            if (line.StartsWith(':')) data = line[1..].Trim();
            else if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            else if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
        }

        return null;
    }

    /// <summary>Everything up to the next event with the name.</summary>
    public async Task<IReadOnlyList<SentEvent>> ReadUntilAsync(string name)
    {
        var read = new List<SentEvent>();
        while (await ReadAsync() is { } sent)
        {
            read.Add(sent);
            if (sent.Name == name) return read;
        }

        throw new InvalidOperationException($"The stream ended before {name}: {string.Join(", ", read.Select(sent => sent.Name))}");
    }

    public ValueTask DisposeAsync()
    {
        lines.Dispose();
        Response.Dispose();
        return ValueTask.CompletedTask;
    }

    private SentEvent Noted(SentEvent sent)
    {
        LastId = sent.Id ?? LastId;
        return sent;
    }
}
