using System.Net.Sockets;
using System.Text;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>Connections to a backend are used again, or a busy gateway runs out of ports within seconds.</summary>
public sealed class ConnectionReuseTests
{
    private const int Requests = 10_000;
    private const int Callers = 32;
    private const string Answer = """{"id":"c1","object":"chat.completion","created":1,"model":"scripted","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]}""";

    [Fact]
    public async Task Ten_thousand_requests_need_no_more_connections_than_there_are_callers()
    {
        var opened = 0;
        await using var backend = ScriptedBackend.Running(async (stream, cancellationToken) =>
        {
            Interlocked.Increment(ref opened);
            await AnswerAllAsync(stream, cancellationToken);
        });
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address, options => options with
        {
            Backends = [$"keeps=openai@{backend.Address}"],
            Scheduling = options.Scheduling with { Parallel = Callers },
        });
        var body = GatewayUnderTest.ChatBody(ScriptedBackend.Model, "hello");
        await Parallel.ForEachAsync(Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = Callers, CancellationToken = TestContext.Current.CancellationToken }, async (_, cancellationToken) =>
        {
            using var reply = await gateway.PostAsync("/v1/chat/completions", body, cancellationToken);
            Assert.Equal(200, (int)reply.StatusCode);
            await reply.Content.ReadAsByteArrayAsync(cancellationToken);
        });
        Assert.InRange(opened, 1, 2 * Callers);
    }

    /// <summary>Answers the request that has been read, and then all that follow on the connection, until the gateway closes it.</summary>
    private static async Task AnswerAllAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
        do
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Answer.Length}\r\n\r\n{Answer}"), cancellationToken);
        }
        while (await ReadRequestAsync(reader, cancellationToken));
    }

    private static async Task<bool> ReadRequestAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        if (await reader.ReadLineAsync(cancellationToken) is not { Length: > 0 }) return false;
        var length = 0;
        while (await reader.ReadLineAsync(cancellationToken) is { Length: > 0 } header)
            if (header.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase)) length = int.Parse(header["Content-Length: ".Length..]);
        return await reader.ReadBlockAsync(new char[length], cancellationToken) == length;
    }
}
