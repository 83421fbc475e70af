using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.WebSockets;

public sealed class PredictionTests
{
    private static readonly SimulatorOptions Paced = RunningSimulator.Fast with { TokensPerSecond = 100 };

    [Fact]
    public async Task A_prediction_reports_the_prompt_then_tokens_then_its_figures()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        var (client, reference) = await LoadedAsync(simulator);
        await client.CreateAsync("predict", Parameters.Predict(reference, "count to 3"));
        var messages = Messages(await client.ReadToEndAsync());
        var details = messages[0]["details"]!;
        Assert.Equal(details["totalPromptTokenCount"]!.GetValue<int>(), details["processedPromptTokenCount"]!.GetValue<int>() + details["unprocessedPromptTokenCount"]!.GetValue<int>());
        Assert.Equal("1, 2, 3", Content(messages));
        var success = messages[^1];
        Assert.Equal(("success", "eosFound", 3), (success.Text("type"), success["stats"]!.Text("stopReason"), success["stats"]!["predictedTokensCount"]!.GetValue<int>()));
        Assert.NotNull(success["modelInfo"]!["lastUsedTime"]);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task A_cancel_ends_it_as_a_success_that_the_user_stopped()
    {
        await using var simulator = await RunningSimulator.StartAsync(Paced);
        var (client, reference) = await LoadedAsync(simulator);
        var channel = await client.CreateAsync("predict", Parameters.Predict(reference, "count to 100000"));
        await client.ReadToAsync("fragment");
        await client.SendToChannelAsync(channel, """{"type":"cancel"}""");
        var frames = await client.ReadToEndAsync();
        Assert.Equal("userStopped", frames[^2]["message"]!["stats"]!.Text("stopReason"));
        Assert.Equal("channelClose", frames[^1].Text("type"));
        Assert.Equal(1, simulator.Studio.Counters.Cancels);
        await client.SendToChannelAsync(channel, """{"type":"cancel"}""");
        Assert.Equal("channelUnknown", (await client.ReceiveAsync()).Text("kind"));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task A_client_that_vanishes_ends_its_predictions()
    {
        await using var simulator = await RunningSimulator.StartAsync(Paced);
        var (client, reference) = await LoadedAsync(simulator);
        await client.CreateAsync("predict", Parameters.Predict(reference, "count to 100000"));
        await client.CreateAsync("predict", Parameters.Predict(reference, "count to 100000"));
        await client.ReadToAsync("fragment");
        client.Abort();
        await Rig.EventuallyAsync(() => simulator.Studio.Counters.Snapshot() is { OpenStreams: 0, Cancels: 2 });
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Unloading_the_model_ends_it_as_a_success_that_says_so()
    {
        await using var simulator = await RunningSimulator.StartAsync(Paced);
        var (client, reference) = await LoadedAsync(simulator);
        await client.CreateAsync("predict", Parameters.Predict(reference, "count to 100000"));
        await client.ReadToAsync("fragment");
        await using var other = await simulator.ConnectAsync("/llm");
        await other.CallAsync("unloadModel", $$"""{"identifier":"{{RunningSimulator.Llm}}"}""");
        Assert.Equal("modelUnloaded", (await client.ReadToEndAsync())[^2]["message"]!["stats"]!.Text("stopReason"));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Predictions_of_one_connection_run_side_by_side_and_calls_are_answered_meanwhile()
    {
        await using var simulator = await RunningSimulator.StartAsync(Paced);
        var (client, reference) = await LoadedAsync(simulator);
        await client.CreateAsync("predict", Parameters.Predict(reference, "count to 60"));
        await client.CreateAsync("predict", Parameters.Predict(reference, "count to 60"));
        await client.SendAsync($$$"""{"type":"rpcCall","endpoint":"getInstanceProcessingState","callId":77,"parameter":{"specifier":{{{Parameters.Query()}}},"throwIfNotFound":true}}""");
        var order = new List<string>();
        while (order.Count(step => step.EndsWith("channelClose", StringComparison.Ordinal)) < 2)
        {
            var frame = await client.ReceiveAsync();
            order.Add($"{frame["channelId"] ?? "call"} {frame.Text("type")}");
        }

        Assert.Contains("call rpcResult", order);
        Assert.True(order.LastIndexOf("1 channelSend") > order.IndexOf("2 channelSend"), "The second did not begin before the first ended.");
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Tool_calls_come_as_name_arguments_and_request()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        var (client, reference) = await LoadedAsync(simulator);
        var tools = """[{"key":"llm.prediction.tools","value":{"type":"toolArray","tools":[{"type":"function","function":{"name":"add","parameters":{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}}}]}}]""";
        await client.CreateAsync("predict", Parameters.Predict(reference, "please add", tools));
        var messages = Messages(await client.ReadToEndAsync());
        Assert.Equal(["promptProcessingProgress", "toolCallGenerationStart", "toolCallGenerationNameReceived", "toolCallGenerationArgumentFragmentGenerated", "toolCallGenerationEnd", "success"],
            messages.Select(message => message.Text("type")).Distinct());
        var request = messages.Single(message => message.Text("type") == "toolCallGenerationEnd")["toolCallRequest"]!;
        var arguments = string.Concat(messages.Where(message => message.Text("type") == "toolCallGenerationArgumentFragmentGenerated").Select(message => message.Text("content")));
        Assert.Equal(("function", "add"), (request.Text("type"), request.Text("name")));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(arguments), request["arguments"]));
        Assert.Equal("toolCalls", messages[^1]["stats"]!.Text("stopReason"));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Thoughts_come_between_structural_tags()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        var (client, reference) = await LoadedAsync(simulator);
        await client.CreateAsync("predict", Parameters.Predict(reference, "hello", """[{"key":"llm.prediction.reasoning.enableThinking","value":true}]"""));
        var fragments = Messages(await client.ReadToEndAsync()).Where(message => message.Text("type") == "fragment").Select(message => message["fragment"]!).ToList();
        Assert.Equal(["reasoningStartTag", "reasoning", "reasoningEndTag", "none"], fragments.Select(fragment => fragment.Text("reasoningType")).Distinct());
        Assert.Equal(["<think>", "</think>"], fragments.Where(fragment => fragment["isStructural"]!.GetValue<bool>()).Select(fragment => fragment.Text("content")));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task A_whole_conversation_is_understood()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        var (client, reference) = await LoadedAsync(simulator);
        var history = """
            [{"role":"system","content":[{"type":"text","text":"S"}]},{"role":"user","content":[{"type":"text","text":"add"}]},
             {"role":"assistant","content":[{"type":"toolCallRequest","toolCallRequest":{"id":"1","type":"function","name":"add","arguments":{"a":1}}}]},
             {"role":"tool","content":[{"type":"toolCallResult","content":"3","toolCallId":"1"}]}]
            """.ReplaceLineEndings("");
        await client.CreateAsync("predict", $$$"""{"modelSpecifier":{{{Parameters.Reference(reference)}}},"history":{"messages":{{{history}}}},"predictionConfigStack":{{{Parameters.NoConfig}}}}""");
        Assert.Equal("The tool answered: 3", Content(Messages(await client.ReadToEndAsync())));
        await client.DisposeAsync();
    }

    [Theory]
    [InlineData("nope", "Cannot find a file with identifier \"nope\"")]
    [InlineData("base64:%%%", "Failed to decode the image.")]
    public async Task An_image_that_is_not_there_is_an_error(string identifier, string title)
    {
        await using var simulator = await RunningSimulator.StartAsync();
        var (client, reference) = await LoadedAsync(simulator);
        var image = $$"""{"type":"file","name":"a.png","identifier":"{{identifier}}","sizeBytes":1,"fileType":"image"}""";
        await client.CreateAsync("predict", $$$$"""{"modelSpecifier":{{{{Parameters.Reference(reference)}}}},"history":{"messages":[{"role":"user","content":[{{{{image}}}}]}]},"predictionConfigStack":{{{{Parameters.NoConfig}}}}}""");
        Assert.Equal(title, (await client.ReadToEndAsync()).Single()["error"]!.Text("title"));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task The_older_form_of_raw_completion_is_one()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        var (client, reference) = await LoadedAsync(simulator);
        var stack = """{"layers":[{"layerName":"completeModeFormatting","config":{"fields":[]}}]}""";
        var prompt = """{"messages":[{"role":"user","content":[{"type":"text","text":"raw"}]}]}""";
        var reply = await client.CallAsync("applyPromptTemplate", $$$"""{"specifier":{{{Parameters.Reference(reference)}}},"history":{{{prompt}}},"predictionConfigStack":{{{stack}}},"opts":{}}""");
        Assert.Equal("raw", reply["result"]!.Text("formatted"));
        await client.DisposeAsync();
    }

    private static async Task<(FrameClient Client, string Reference)> LoadedAsync(RunningSimulator simulator)
    {
        var client = await simulator.ConnectAsync("/llm");
        return (client, (await client.LoadAsync(RunningSimulator.Llm)).Text("instanceReference"));
    }

    private static List<JsonNode> Messages(List<JsonNode> frames) => [.. frames.SkipLast(1).Select(frame => frame["message"]!)];

    private static string Content(List<JsonNode> messages) =>
        string.Concat(messages.Where(message => message.Text("type") == "fragment").Select(message => message["fragment"]!.Text("content")));
}
