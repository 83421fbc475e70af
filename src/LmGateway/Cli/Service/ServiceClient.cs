using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace LmGateway.Cli.Service;

/// <summary>The service's HTTP APIs. Whatever goes wrong is a <see cref="CommandException"/> that says what to do next.</summary>
internal sealed class ServiceClient : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    /// <summary>Where nothing listens the answer comes at once; a service that has taken the connection may be busy.</summary>
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(10);

    private readonly HttpClient http;
    private readonly ServiceLocation location;
    private readonly TimeProvider time;

    public ServiceClient(ServiceLocation location, TimeProvider time)
    {
        (this.location, this.time) = (location, time);
        http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = ConnectLimit, UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero, AllowAutoRedirect = false })
        {
            BaseAddress = location.Address,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (location.Key is { } key) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>For a question that the service answers by itself.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    public ServiceLocation Location => location;

    /// <summary>Whether an LmGateway answers there; false too where something else does.</summary>
    public async Task<bool> IsThereAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(ProbeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            using var reply = await http.GetAsync(new Uri("health/live", UriKind.Relative), either.Token);
            return reply.IsSuccessStatusCode && JsonElement.Parse(await reply.Content.ReadAsStringAsync(either.Token)).Text("status") == "healthy";
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException or IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) => AskAsync(HttpMethod.Get, path, null, Patience, cancellationToken);

    public Task<JsonElement> DeleteAsync(string path, CancellationToken cancellationToken) => AskAsync(HttpMethod.Delete, path, null, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Posts the members of an object. The service sets its own limits on what takes long, so there is none here unless one is given.</summary>
    public Task<JsonElement> PostAsync(string path, Action<Utf8JsonWriter> writeMembers, CancellationToken cancellationToken, TimeSpan? limit = null) =>
        AskAsync(HttpMethod.Post, path, Output.CommandOutput.Object(writeMembers), limit ?? Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Posts, and returns the reply when its head is there; the caller reads the body and disposes of it, which ends what the service does for it.</summary>
    public async Task<HttpResponseMessage> StreamAsync(string path, string body, CancellationToken cancellationToken)
    {
        try
        {
            using var request = Request(HttpMethod.Post, path, body);
            var reply = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (reply.IsSuccessStatusCode) return reply;
            using (reply) throw ServiceFailures.Of(location, reply, await reply.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw ServiceFailures.Unreachable(location, fault);
        }
    }

    /// <summary>Posts, and returns each line of the reply as it comes; leaving the enumeration ends what the service does for it.</summary>
    public async IAsyncEnumerable<JsonElement> LinesAsync(string path, Action<Utf8JsonWriter> writeMembers, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reply = await StreamAsync(path, Output.CommandOutput.Object(writeMembers), cancellationToken);
        using var reader = new StreamReader(await reply.Content.ReadAsStreamAsync(cancellationToken));
        while (await LineAsync(reader, cancellationToken) is { } line)
            if (line.Length > 0) yield return Parse(line);
    }

    public void Dispose() => http.Dispose();

    private async Task<string?> LineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw ServiceFailures.BrokenOff(location);
        }
    }

    private JsonElement Parse(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            throw ServiceFailures.Foreign(location);
        }
    }

    private async Task<JsonElement> AskAsync(HttpMethod method, string path, string? body, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            using var request = Request(method, path, body);
            using var reply = await http.SendAsync(request, either.Token);
            var text = await reply.Content.ReadAsStringAsync(either.Token);
            if (!reply.IsSuccessStatusCode) throw ServiceFailures.Of(location, reply, text);
            var answer = Parse(text);
            // LM Studio answers so, with status 200, to what it does not know.
            return answer.Member("error") is not null && answer.GetPropertyCount() == 1 ? throw ServiceFailures.Foreign(location) : answer;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw ServiceFailures.Unreachable(location, fault);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw ServiceFailures.TimedOut(location, limit);
        }
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string? body) => new(method, new Uri(path.TrimStart('/'), UriKind.Relative))
    {
        Content = body is null ? null : new StringContent(body, new UTF8Encoding(false), new MediaTypeHeaderValue("application/json")),
    };
}
