using System.Net.WebSockets;
using System.Text;
using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.Sockets;

public sealed class ConnectionTests
{
    private const string Version = """{"version":"0.4.21","build":2}""";

    [Fact]
    public async Task Two_hundred_calls_share_one_connection_and_get_their_own_answers_in_any_order()
    {
        const int Calls = 200;
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var calls = new List<System.Text.Json.JsonElement>();
            while (calls.Count < Calls) calls.Add(await socket.ReceiveAsync());
            foreach (var call in Enumerable.Reverse(calls))
                await socket.ResultAsync(call, $$"""{"tokenCount":{{call.GetProperty("parameter").GetProperty("inputString").GetString()}}}""");
            await socket.StaySilentAsync();
        });
        await using var client = Client(server);
        var answers = await Task.WhenAll(Enumerable.Range(0, Calls).Select(i => client.Llm.CountTokensAsync(ModelSpecifier.Any, $"{i}")));
        Assert.Equal(Enumerable.Range(0, Calls), answers);
        Assert.Equal(1, server.ConnectionsTo("/llm"));
    }

    [Fact]
    public async Task A_call_that_is_never_answered_ends_at_its_deadline_and_the_connection_goes_on()
    {
        var called = new TaskCompletionSource();
        var time = new ManualTime();
        await using var server = await ScriptedServer.StartAsync("/system", async socket =>
        {
            var first = await socket.ReceiveAsync();
            called.SetResult();
            var second = await socket.ReceiveAsync();
            await socket.ResultAsync(first, """{"version":"late"}""");
            await socket.ResultAsync(second, Version);
            await socket.StaySilentAsync();
        });
        await using var client = Client(server, options => options with { TimeProvider = time, KeepAliveInterval = TimeSpan.FromHours(1) });
        var call = client.System.GetVersionAsync();
        await called.Task;
        time.Advance(TimeSpan.FromSeconds(30));
        var error = await Assert.ThrowsAsync<LmStudioTimeoutException>(() => call);
        Assert.Equal(("version", TimeSpan.FromSeconds(30)), (error.Endpoint, error.Limit));
        Assert.Equal("0.4.21", (await client.System.GetVersionAsync()).Version);
        Assert.Equal(1, server.ConnectionsTo("/system"));
    }

    [Fact]
    public async Task A_cancelled_call_leaves_the_connection_to_the_others()
    {
        var called = new TaskCompletionSource();
        await using var server = await ScriptedServer.StartAsync("/system", async socket =>
        {
            await socket.ReceiveAsync();
            called.SetResult();
            await socket.AnswerAllAsync(Version);
        });
        await using var client = Client(server);
        using var leaving = new CancellationTokenSource();
        var call = client.System.GetVersionAsync(leaving.Token);
        await called.Task;
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal("0.4.21", (await client.System.GetVersionAsync()).Version);
        Assert.Equal(1, server.ConnectionsTo("/system"));
    }

    [Fact]
    public async Task A_connection_that_breaks_fails_its_calls_and_the_next_call_opens_another()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Sockets["/system"] = async socket =>
        {
            await socket.AuthenticateAsync();
            if (server.ConnectionsTo("/system") > 1) await socket.AnswerAllAsync(Version);
            await socket.ReceiveAsync();
            await socket.ReceiveAsync();
            socket.Abort();
        };
        await using var client = Client(server);
        var calls = new[] { client.System.GetVersionAsync(), client.System.GetVersionAsync() };
        foreach (var call in calls) await Assert.ThrowsAsync<LmStudioConnectionException>(() => call);
        Assert.Equal("0.4.21", (await client.System.GetVersionAsync()).Version);
        Assert.Equal(2, server.ConnectionsTo("/system"));
    }

    [Fact]
    public async Task A_server_that_closes_while_nothing_is_pending_is_connected_to_again()
    {
        var closed = new TaskCompletionSource();
        await using var server = await ScriptedServer.StartAsync();
        server.Sockets["/system"] = async socket =>
        {
            await socket.AuthenticateAsync();
            if (server.ConnectionsTo("/system") > 1) await socket.AnswerAllAsync(Version);
            await socket.ResultAsync(await socket.ReceiveAsync(), Version);
            await socket.CloseAsync();
            await socket.TryReceiveAsync().ContinueWith(_ => closed.SetResult(), TaskScheduler.Default);
        };
        await using var client = Client(server);
        await client.System.GetVersionAsync();
        await closed.Task; // The client has seen the close and has ended its side.
        Assert.Equal("0.4.21", (await client.System.GetVersionAsync()).Version);
        Assert.Equal(2, server.ConnectionsTo("/system"));
    }

    [Fact]
    public async Task Frames_that_are_no_messages_are_ignored_and_reported()
    {
        var warnings = new List<LmStudioWarning>();
        await using var server = await ScriptedServer.StartAsync("/system", async socket =>
        {
            var call = await socket.ReceiveAsync();
            await socket.SendAsync("not json");
            await socket.SendAsync("");
            await socket.SendAsync("[1,2]");
            await socket.SendAsync("""{"type":"weird"}""");
            await socket.SendAsync("""{"no":"type"}""");
            await socket.SendAsync([1, 2, 3], type: WebSocketMessageType.Binary);
            await socket.SendAsync("""{"type":"rpcResult","callId":"0","result":{"version":"wrong"}}""");
            await socket.SendAsync("""{"type":"rpcResult","callId":77,"result":{"version":"wrong"}}""");
            await socket.SendAsync("""{"type":"channelSend","channelId":0,"message":{"type":"success"}}""");
            await socket.ResultAsync(call, Version);
            await socket.StaySilentAsync();
        });
        await using var client = Client(server, options => options with { OnWarning = warning => { warnings.Add(warning); throw new InvalidOperationException(); } });
        Assert.Equal("0.4.21", (await client.System.GetVersionAsync()).Version);
        Assert.Equal(6, warnings.Count);
        Assert.All(warnings, warning => Assert.Equal("system", warning.Origin));
    }

    [Fact]
    public async Task A_frame_in_many_fragments_is_put_together_whatever_it_is_cut_through()
    {
        const string Text = "größer 👍🏽 日本";
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            await socket.ReceiveAsync();
            var frame = Encoding.UTF8.GetBytes($$$"""{"type":"rpcResult","callId":0,"result":{"formatted":"{{{Text}}}"}}""");
            for (var i = 0; i < frame.Length; i++) await socket.SendAsync([frame[i]], endOfMessage: i == frame.Length - 1);
            await socket.StaySilentAsync();
        });
        await using var client = Client(server);
        Assert.Equal(Text, await client.Llm.ApplyPromptTemplateAsync(ModelSpecifier.Any, ChatHistory.FromUser("x")));
    }

    [Fact]
    public async Task A_frame_of_many_megabytes_arrives_whole_in_both_directions()
    {
        var text = new string('x', 20 * 1024 * 1024);
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var call = await socket.ReceiveAsync();
            var sent = call.GetProperty("parameter").GetProperty("history").GetProperty("messages")[0].GetProperty("content")[0].GetProperty("text").GetString();
            await socket.ResultAsync(call, $$"""{"formatted":"{{sent}}"}""");
            await socket.AnswerAllAsync("[]");
        });
        await using var client = Client(server);
        var formatted = await client.Llm.ApplyPromptTemplateAsync(ModelSpecifier.Any, ChatHistory.FromUser(text));
        Assert.Equal(text.Length, formatted.Length);
        Assert.Empty(await client.Llm.ListLoadedAsync());
    }

    [Fact]
    public async Task A_frame_over_the_limit_fails_what_is_pending_and_the_next_call_works_again()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Sockets["/system"] = async socket =>
        {
            await socket.AuthenticateAsync();
            if (server.ConnectionsTo("/system") > 1) await socket.AnswerAllAsync(Version);
            var call = await socket.ReceiveAsync();
            await socket.ResultAsync(call, $$"""{"version":"{{new string('9', 5000)}}"}""");
            await socket.StaySilentAsync();
        };
        await using var client = Client(server, options => options with { MaxFrameBytes = 4096 });
        var error = await Assert.ThrowsAsync<LmStudioProtocolException>(() => client.System.GetVersionAsync());
        Assert.Contains("4096", error.Message, StringComparison.Ordinal);
        Assert.Equal("0.4.21", (await client.System.GetVersionAsync()).Version);
    }

    [Fact]
    public async Task A_silent_peer_is_asked_for_a_sign_of_life_and_given_up_without_one()
    {
        var created = new TaskCompletionSource();
        var asked = new TaskCompletionSource<string>();
        var time = new ManualTime();
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            await socket.ReceiveAsync();
            created.SetResult();
            asked.SetResult((await socket.ReceiveAsync()).GetRawText());
            await socket.StaySilentAsync();
        });
        await using var client = Client(server, options => options with { TimeProvider = time });
        var load = client.Llm.LoadModelAsync(new() { ModelKey = "k" });
        await created.Task;
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal("""{"type":"keepAlive"}""", await asked.Task);
        time.Advance(TimeSpan.FromSeconds(45));
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => load);
    }

    [Fact]
    public async Task A_peer_that_shows_life_may_load_as_long_as_it_likes()
    {
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var create = await socket.ReceiveAsync();
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal("keepAlive", (await socket.ReceiveAsync()).GetProperty("type").GetString());
                await socket.SendAsync("""{"type":"keepAliveAck"}""");
            }

            await socket.MessageAsync(create, """{"type":"success","info":{"type":"llm","modelKey":"k","identifier":"i","instanceReference":"r"}}""");
            await socket.StaySilentAsync();
        });
        await using var client = Client(server, options => options with { KeepAliveInterval = TimeSpan.FromMilliseconds(20) });
        Assert.Equal("i", (await client.Llm.LoadModelAsync(new() { ModelKey = "k" })).Instance.Identifier);
        Assert.Equal(1, server.ConnectionsTo("/llm"));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"version":5}""")]
    [InlineData("\"0.4\"")]
    public async Task A_result_that_does_not_fit_is_a_protocol_error(string result)
    {
        await using var server = await ScriptedServer.StartAsync("/system", socket => socket.AnswerAllAsync(result));
        await using var client = Client(server);
        await Assert.ThrowsAsync<LmStudioProtocolException>(() => client.System.GetVersionAsync());
    }

    [Fact]
    public async Task Models_without_a_type_or_a_key_are_left_out_and_odd_fields_are_dropped()
    {
        await using var server = await ScriptedServer.StartAsync("/system", socket => socket.AnswerAllAsync(
            """[{"type":"llm"},{"modelKey":"x"},5,{"type":"newKind","modelKey":"k","sizeBytes":"big","vision":1,"variants":[1,"a"],"quantization":{"bits":4},"later":{}}]"""));
        await using var client = Client(server);
        var model = Assert.Single(await client.System.ListDownloadedModelsAsync());
        Assert.Equal(("newKind", "k"), (model.Type, model.ModelKey));
        Assert.Null(model.SizeBytes);
        Assert.Null(model.Vision);
        Assert.Null(model.Quantization);
        Assert.Equal(["a"], model.Variants);
    }

    private static LmStudioClient Client(ScriptedServer server, Func<LmStudioClientOptions, LmStudioClientOptions>? change = null)
    {
        var options = new LmStudioClientOptions { BaseAddress = server.Address, ConnectRetryDelay = TimeSpan.FromMilliseconds(1) };
        return new LmStudioClient(change?.Invoke(options) ?? options);
    }
}
