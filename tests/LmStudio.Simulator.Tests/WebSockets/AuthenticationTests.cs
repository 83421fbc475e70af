using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.WebSockets;

public sealed class AuthenticationTests
{
    private const string Version = """{"type":"rpcCall","endpoint":"version","callId":0}""";

    [Fact]
    public async Task A_client_that_closes_before_it_named_itself_is_told_so()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.OpenAsync("/system");
        await client.CloseAsync();
        Assert.Equal("""{"success":false,"error":"Connection closed before authentication completed"}""", await client.ReceiveTextAsync());
        Assert.Null(await client.ReceiveTextAsync());
    }
}
