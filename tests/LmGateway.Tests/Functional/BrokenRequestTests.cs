using System.Net.Sockets;
using System.Text;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>Requests that break HTTP itself, or that end in the middle. Each is over in bounded time, and the service goes on.</summary>
public sealed class BrokenRequestTests(BadInputGateway fixture) : IClassFixture<BadInputGateway>
{
    public static TheoryData<string> EveryWay() => BadInputTests.EveryWay();

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task A_body_that_is_cut_off_leaves_nothing_behind(string path)
    {
        var body = WayIn.At(path).GoodBody;
        using (var client = await ConnectAsync())
        {
            await SendAsync(client, $"{Head(path)}Content-Length: {body.Length + 100}\r\n\r\n{body}");
            await HangUpAsync(client);
        }

        using (var client = await ConnectAsync())
        {
            await SendAsync(client, $"{Head(path)}Transfer-Encoding: chunked\r\n\r\n{body.Length + 100:x}\r\n{body}");
            await HangUpAsync(client);
        }

        await AssertServesAsync();
        Assert.DoesNotContain(fixture.Gateway.Simulator.State.Counters.LastRequests, request => request.Method == "POST");
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task A_caller_that_resets_in_the_middle_of_its_body_leaves_nothing_behind(string path)
    {
        using (var client = await ConnectAsync())
        {
            await SendAsync(client, $"{Head(path)}Content-Length: 5000\r\n\r\n{{\"model\":");
            client.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        await AssertServesAsync();
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task A_body_longer_than_its_stated_length_is_judged_by_that_length(string path)
    {
        using var client = await ConnectAsync();
        await SendAsync(client, $"{Head(path)}Content-Length: 1\r\nConnection: close\r\n\r\n{WayIn.At(path).GoodBody}");
        var reply = await ReadToEndAsync(client.GetStream());
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", reply);
        Assert.Contains("The request body is not valid JSON (line 1, byte 2)", reply);
        await AssertServesAsync();
    }

    [Theory]
    [MemberData(nameof(EveryWay))]
    public async Task A_broken_chunk_is_400_in_the_envelope_of_the_route(string path)
    {
        using var client = await ConnectAsync();
        await SendAsync(client, $"{Head(path)}x-request-id: broken\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n{{}}\r\n");
        var reply = await ReadToEndAsync(client.GetStream());
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", reply);
        Assert.EndsWith(WayIn.At(path).Envelope(new ExpectedError("Bad chunk size data."), "broken"), reply);
        await AssertServesAsync();
    }

    [Theory]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: minus one\r\n\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nHost: other\r\n\r\n")]
    [InlineData("GET /v1/models HTTP/1.1\r\n\r\n")]
    [InlineData("GET /v1/mo dels HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("not HTTP at all\r\n\r\n")]
    public async Task What_is_not_HTTP_is_400_and_the_connection_ends(string request)
    {
        using var client = await ConnectAsync();
        await SendAsync(client, request);
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", await ReadToEndAsync(client.GetStream()));
        await AssertServesAsync();
    }

    private static string Head(string path) => $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    private async Task AssertServesAsync()
    {
        await BadInputGateway.AssertNothingLeftAsync(fixture.Gateway);
        Assert.Equal(200, (await fixture.Gateway.GetJsonAsync("/v1/models")).Status);
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(fixture.Gateway.Address.Host, fixture.Gateway.Address.Port);
        return client;
    }

    /// <summary>Says that no more will come, and waits for the other side to end the connection as well.</summary>
    private static async Task HangUpAsync(TcpClient client)
    {
        var stream = client.GetStream();
        client.Client.Shutdown(SocketShutdown.Send);
        await ReadToEndAsync(stream);
    }

    private static async Task SendAsync(TcpClient client, string text) => await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>What arrives until the other side ends the connection, by whatever means.</summary>
    private static async Task<string> ReadToEndAsync(NetworkStream stream)
    {
        using var received = new MemoryStream();
        try
        {
            await stream.CopyToAsync(received, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        }
        catch (IOException)
        {
            // A reset ends it as well.
        }

        return Encoding.UTF8.GetString(received.ToArray());
    }
}
