using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.WebSockets;

public sealed class AuthenticationTests
{
    private const string Accepted = """{"success":true}""";

    [Fact]
    public async Task Nothing_is_said_before_the_client_named_itself()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.OpenAsync("/system");
        await client.SendAsync("""{"type":"rpcCall","endpoint":"version","callId":0}""");
        await client.SendAsync("""{"type":"keepAlive"}""");
        await client.SendAsync("not json");
        await client.SendAsync(Credentials("a", "b"));
        Assert.Equal(Accepted, await client.ReceiveTextAsync());
    }

    [Theory]
    [InlineData("""{"authVersion":"1","clientIdentifier":"a","clientPasskey":"b"}""")]
    [InlineData("""{"authVersion":2,"clientIdentifier":"a","clientPasskey":"b"}""")]
    [InlineData("""{"authVersion":1,"clientIdentifier":7,"clientPasskey":"b"}""")]
    [InlineData("""{"authVersion":1,"clientIdentifier":"a"}""")]
    [InlineData("[]")]
    public async Task A_malformed_authentication_is_passed_over(string frame)
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.OpenAsync("/system");
        await client.SendAsync(frame);
        await client.SendAsync(Credentials("a", ""));
        Assert.Equal(Accepted, await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_name_may_have_256_characters_and_no_more()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.OpenAsync("/system");
        await client.SendAsync(Credentials(new string('x', 257), "b"));
        await client.SendAsync(Credentials(new string('x', 256), "b"));
        Assert.Equal(Accepted, await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_client_that_does_not_name_itself_is_closed_after_ten_seconds()
    {
        var time = new ManualTime();
        await using var simulator = await RunningSimulator.StartAsync(RunningSimulator.Fast with { TimeProvider = time });
        await using var client = await simulator.OpenAsync("/system");
        await Rig.EventuallyAsync(() => time.Waiting > 0);
        time.Advance(TimeSpan.FromSeconds(9));
        await client.SendAsync("not yet");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("""{"success":false,"error":"Authentication timed out"}""", await client.ReceiveTextAsync());
        Assert.Null(await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_client_that_closes_before_it_named_itself_is_told_so()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.OpenAsync("/system");
        await client.CloseAsync();
        Assert.Equal("""{"success":false,"error":"Connection closed before authentication completed"}""", await client.ReceiveTextAsync());
        Assert.Null(await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task The_first_passkey_of_a_name_is_the_right_one_while_a_connection_holds_it()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var first = await simulator.OpenAsync("/system");
        await first.AuthenticateAsync("guest:x", "p");
        await using (var other = await simulator.OpenAsync("/llm"))
        {
            await other.SendAsync(Credentials("guest:x", "q"));
            Assert.Equal("""{"success":false,"error":"Failed to validate client: Invalid client passkey for client \"guest:x\""}""", await other.ReceiveTextAsync());
            Assert.Null(await other.ReceiveTextAsync());
        }

        await using var same = await simulator.OpenAsync("/llm");
        await same.AuthenticateAsync("guest:x", "p");
        await first.CloseAsync();
        await same.CloseAsync();
        Assert.Null(await first.ReceiveTextAsync());
        Assert.Null(await same.ReceiveTextAsync());
        await Rig.EventuallyAsync(() => simulator.Studio.Counters.Snapshot().OpenWebSockets == 0);
        await using var later = await simulator.OpenAsync("/llm");
        await later.AuthenticateAsync("guest:x", "q");
    }

    [Theory]
    [InlineData("abcdefgh", "ABCDEFGHIJKLMNOPQRST", Accepted)]
    [InlineData("abcdefgh", "00000000000000000000", """{"success":false,"error":"Invalid API token"}""")]
    [InlineData("guest:x", "p", """{"success":false,"error":"Invalid API token"}""")]
    public async Task With_an_api_token_only_its_two_halves_are_let_in(string identifier, string passkey, string reply)
    {
        await using var simulator = await RunningSimulator.StartAsync(RunningSimulator.Fast with { ApiToken = "sk-lm-abcdefgh:ABCDEFGHIJKLMNOPQRST" });
        await using var client = await simulator.OpenAsync("/system");
        await client.SendAsync(Credentials(identifier, passkey));
        Assert.Equal(reply, await client.ReceiveTextAsync());
    }

    [Fact]
    public async Task The_token_can_change_while_it_runs()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        simulator.Studio.Change(settings => settings with { ApiToken = "sk-lm-abcdefgh:ABCDEFGHIJKLMNOPQRST" });
        await using var client = await simulator.OpenAsync("/system");
        await client.SendAsync(Credentials("guest:x", "p"));
        Assert.Equal("""{"success":false,"error":"Invalid API token"}""", await client.ReceiveTextAsync());
    }

    private static string Credentials(string identifier, string passkey) =>
        $$"""{"authVersion":1,"clientIdentifier":"{{identifier}}","clientPasskey":"{{passkey}}"}""";
}
