using System.Net;
using System.Net.Sockets;

namespace LmGateway.Cli.Doctor;

/// <summary>Who answers at an address: asked once, with a short limit, and nothing is changed there.</summary>
internal sealed class Neighbours : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>A program that has taken the connection may be busy.</summary>
    private static readonly TimeSpan ReplyLimit = TimeSpan.FromSeconds(15);

    private readonly TimeProvider time;
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = Limit }) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = 4 * 1024 * 1024 };

    public Neighbours(TimeProvider time) => this.time = time;

    /// <summary>The reply to a GET; null where nothing answers in time, or nothing that speaks HTTP.</summary>
    public async Task<HttpAnswer?> GetAsync(Uri address, string? bearer, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ReplyLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (bearer is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {bearer}");
        try
        {
            using var reply = await http.SendAsync(request, either.Token);
            return new HttpAnswer(reply.StatusCode, await reply.Content.ReadAsStringAsync(either.Token));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>What is said first to whoever connects, as NATS does; empty for one that waits, null where nobody takes the connection.</summary>
    public async Task<string?> GreetingAsync(string host, int port, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(host, port, either.Token);
        }
        catch (Exception fault) when (fault is SocketException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }

        var buffer = new byte[64];
        try
        {
            var count = await client.GetStream().ReadAsync(buffer, either.Token);
            return System.Text.Encoding.ASCII.GetString(buffer, 0, count);
        }
        catch (Exception fault) when (fault is IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return "";
        }
    }

    public void Dispose() => http.Dispose();
}

/// <summary>A reply, as far as the doctor reads it.</summary>
internal sealed record HttpAnswer(HttpStatusCode Status, string Text)
{
    public bool IsRefusal => Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
}
