using System.Text.Json.Nodes;
using Xunit;

namespace LmStudio.Simulator.Tests.WebSockets;

public sealed class DispatchTests
{
    [Theory]
    [InlineData("/llm", "listDownloadedModels")]
    [InlineData("/system", "predict")]
    [InlineData("/plugins", "version")]
    public async Task An_endpoint_exists_only_in_its_own_namespace(string path, string endpoint)
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync(path);
        AssertWarning(await client.CallAsync(endpoint), $"Received rpcCall for unknown endpoint, endpoint = {endpoint}", "rpcEndpointUnknown");
    }

    [Theory]
    [InlineData("getModelInfo", "{}", "- parameter.specifier: Required\n- parameter.throwIfNotFound: Required")]
    [InlineData("getModelInfo", """{"specifier":{"type":"x"},"throwIfNotFound":"no"}""",
        "- parameter.specifier.type: Invalid discriminator value. Expected 'query' | 'instanceReference'\n- parameter.throwIfNotFound: Expected boolean, received string")]
    [InlineData("unloadModel", """{"identifier":""}""", "- parameter.identifier: String must contain at least 1 character(s)")]
    [InlineData("unloadModel", """{"identifier":"__proto__"}""", "- parameter.identifier: For security reasons, \"__proto__\" is not allowed")]
    [InlineData("unloadModel", """{"identifier":7}""", "- parameter.identifier: Expected string, received number")]
    [InlineData("unloadModel", "[]", "- parameter: Expected object, received array")]
    [InlineData("estimateModelUsage", """{"modelKey":"k","loadConfigStack":{"layers":[{"layerName":"no","config":{"fields":[{"value":1}]}}]}}""",
        "- parameter.loadConfigStack.layers.0.layerName: Invalid enum value. Expected 'currentlyEditing' | 'currentlyLoaded' | 'apiOverride' | 'conversationSpecific' | "
        + "'conversationGlobal' | 'preset' | 'serverSession' | 'httpServerRequestOverride' | 'completeModeFormatting' | 'instance' | 'userModelDefault' | 'virtualModel' | "
        + "'modelDefault' | 'hardware', received 'no'\n- parameter.loadConfigStack.layers.0.config.fields.0.key: Required")]
    public async Task A_wrong_parameter_is_warned_of_in_zods_words_and_not_answered(string endpoint, string parameter, string issues)
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/llm");
        var warning = await client.CallAsync(endpoint, parameter);
        AssertWarning(warning, $"Received invalid parameter for rpcCall, endpointName = {endpoint}, parameter = {parameter}. Zod error:\n\n{issues}", "rpcParameterTypeError");
        Assert.Equal("keepAliveAck", await NextTypeAsync(client));
    }

    [Theory]
    [InlineData("""{"port":0}""", "- parameter.port: Number must be greater than or equal to 1")]
    [InlineData("""{"port":65536}""", "- parameter.port: Number must be less than or equal to 65535")]
    [InlineData("""{"port":1.5}""", "- parameter.port: Expected integer, received float")]
    [InlineData("""{"port":null}""", "- parameter.port: Expected number, received null")]
    public async Task A_number_is_held_to_its_range(string parameter, string issue)
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/system");
        var warning = await client.CallAsync("startHttpServer", parameter);
        Assert.EndsWith($"Zod error:\n\n{issue}", warning["warning"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_void_parameter_is_right_and_extra_keys_are_ignored()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/system");
        Assert.Equal("rpcResult", (await client.CallAsync("version"))["type"]!.GetValue<string>());
        Assert.Equal("""{"type":"rpcResult","callId":1}""", (await client.CallAsync("notify", """{"title":"t","unknown":null}""")).ToJsonString());
    }

    [Fact]
    public async Task There_are_at_most_five_warnings_a_connection()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/system");
        for (var warning = 0; warning < 5; warning++) Assert.Equal("communicationWarning", (await client.CallAsync("nope"))["type"]!.GetValue<string>());
        await client.SendAsync("""{"type":"rpcCall","endpoint":"nope","callId":99}""");
        Assert.Equal("keepAliveAck", await NextTypeAsync(client));
        await using var another = await simulator.ConnectAsync("/system");
        Assert.Equal("communicationWarning", (await another.CallAsync("nope"))["type"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("""{"type":"weird"}""")]
    [InlineData("""{"type":"rpcCall","callId":1}""")]
    [InlineData("""{"type":"rpcCall","endpoint":"version","callId":"1"}""")]
    [InlineData("""{"type":"channelSend","message":{}}""")]
    public async Task A_frame_that_makes_no_sense_is_passed_over(string frame)
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/system");
        await client.SendAsync(frame);
        Assert.Equal("keepAliveAck", await NextTypeAsync(client));
    }

    [Fact]
    public async Task Calls_and_channels_may_have_the_same_id()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/system");
        await client.SendAsync("""{"type":"channelCreate","endpoint":"alive","channelId":0}""");
        Assert.Equal("rpcResult", (await client.CallAsync("version"))["type"]!.GetValue<string>());
        await client.SendAsync("""{"type":"channelCreate","endpoint":"alive","channelId":0}""");
        AssertWarning(await client.ReceiveAsync(), "Received channelCreate for already open channel, channelId = 0", "channelAlreadyOpen");
        await client.SendToChannelAsync(0, """{"type":"cancel"}""");
        AssertWarning(await client.ReceiveAsync(),
            "Received invalid message for channel: endpointName = alive, message = {\"type\":\"cancel\"}. Zod error:\n\n- message.type: Invalid discriminator value. Expected ", "channelMessageTypeError");
    }

    [Theory]
    [InlineData("signalSubscribe", "signal")]
    [InlineData("writableSignalSubscribe", "writableSignal")]
    public async Task There_are_no_signals(string type, string kind)
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/system");
        await client.SendAsync($$"""{"type":"{{type}}","endpoint":"x","subscribeId":0}""");
        AssertWarning(await client.ReceiveAsync(), $"Received {type} for unknown endpoint, endpoint = x", $"{kind}EndpointUnknown");
    }

    [Fact]
    public async Task A_frame_in_pieces_is_put_together()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/files");
        var content = Convert.ToBase64String(new byte[3_000_000]);
        await client.SendInPiecesAsync($$$"""{"type":"rpcCall","endpoint":"uploadFileBase64","callId":5,"parameter":{"name":"big.png","contentBase64":"{{{content}}}"}}""");
        var reply = await client.ReceiveAsync();
        Assert.Equal(3_000_000, reply["result"]!["sizeBytes"]!.GetValue<int>());
    }

    private static async Task<string> NextTypeAsync(FrameClient client)
    {
        await client.SendAsync("""{"type":"keepAlive"}""");
        return (await client.ReceiveAsync())["type"]!.GetValue<string>();
    }

    private static void AssertWarning(JsonNode frame, string warning, string kind)
    {
        Assert.Equal(["type", "warning", "kind"], frame.AsObject().Select(member => member.Key));
        Assert.Equal(warning, frame["warning"]!.GetValue<string>());
        Assert.Equal(kind, frame["kind"]!.GetValue<string>());
    }
}
