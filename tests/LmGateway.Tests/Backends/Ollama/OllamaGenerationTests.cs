using System.Text.Json;
using LmGateway.Vocabulary;
using Ollama.StandIn;
using Xunit;

namespace LmGateway.Tests.Backends.Ollama;

/// <summary>Generations by Ollama's own chat.</summary>
public sealed class OllamaGenerationTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reasoning_is_told_apart_from_text()
    {
        await using var rig = await OllamaRig.StartAsync("deepseek-r1");
        var events = await RunAsync(rig, "deepseek-r1", BackendContract.Asking("count to 2"));
        Assert.Equal("Let me think.", string.Concat(events.OfType<ChatEvent.Reasoning>().Select(thought => thought.Content)));
        Assert.Equal("1, 2", Text(events));
        Assert.DoesNotContain(await RunAsync(rig, "deepseek-r1", BackendContract.Asking("count to 2") with { Reasoning = "none" }), happened => happened is ChatEvent.Reasoning);
    }

    [Fact]
    public async Task Characters_that_are_cut_by_the_network_arrive_whole()
    {
        await using var rig = await OllamaRig.StartAsync(new StandInOptions { Models = ["llama3.2"], PieceBytes = 1 });
        Assert.Equal("You said: größer 日本 🙂", Text(await RunAsync(rig, "llama3.2", BackendContract.Asking("größer 日本 🙂"))));
    }

    [Fact]
    [Trait("req", "S3-15")]
    public async Task Every_parameter_arrives_under_Ollamas_name_for_it()
    {
        await using var rig = await OllamaRig.StartAsync("llama3.2");
        var request = BackendContract.Asking("hi") with
        {
            MaxTokens = 100, Temperature = 0.1, TopP = 0.9, TopK = 5, PresencePenalty = 0.2, FrequencyPenalty = 0.3, RepeatPenalty = 1.1, Seed = 7, Stop = ["END"],
            JsonSchema = JsonElement.Parse("""{"type":"object"}"""),
        };
        await RunAsync(rig, "llama3.2", request);
        Assert.Equal(
            """{"model":"llama3.2","stream":true,"messages":[{"role":"user","content":"hi"}],"options":{"num_predict":100,"temperature":0.1,"top_p":0.9,"top_k":5,"presence_penalty":0.2,"frequency_penalty":0.3,"repeat_penalty":1.1,"seed":7,"stop":["END"]},"format":{"type":"object"}}""",
            rig.State.Bodies.Single());
    }

    [Fact]
    public async Task Images_go_as_bare_base64_and_tool_turns_as_objects()
    {
        await using var rig = await OllamaRig.StartAsync("llava");
        var request = new ChatRequest
        {
            Messages =
            [
                new ChatMessage(ChatRole.User, "What is it?") { Images = [new ChatImage("image/png", "abc"u8.ToArray())] },
                new ChatMessage(ChatRole.Assistant, "") { ToolCalls = [new ChatToolCall("call_1", "look", """{"at":1}"""), new ChatToolCall("call_2", "look", "{\"at")] },
                new ChatMessage(ChatRole.Tool, "a cat") { ToolCallId = "call_1" },
            ],
        };
        Assert.Equal("I see 1 image.", Text(await RunAsync(rig, "llava", request)));
        Assert.Contains(
            """
            "messages":[{"role":"user","content":"What is it?","images":["YWJj"]},{"role":"assistant","content":"","tool_calls":[{"id":"call_1","function":{"name":"look","arguments":{"at":1}}},{"id":"call_2","function":{"name":"look","arguments":{}}}]},{"role":"tool","content":"a cat","tool_call_id":"call_1","tool_name":"look"}]
            """,
            rig.State.Bodies.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_was_cut_says_so()
    {
        await using var rig = await OllamaRig.StartAsync("llama3.2");
        var events = await RunAsync(rig, "llama3.2", BackendContract.Asking("count to 9") with { MaxTokens = 3 });
        Assert.Equal(("1, 2, 3", "length"), (Text(events), Assert.IsType<ChatEvent.Finished>(events[^1]).Reason));
    }

    [Fact]
    public async Task An_error_inside_the_stream_and_a_stream_that_just_ends_are_failures()
    {
        await using var rig = await OllamaRig.StartAsync("llama3.2");
        rig.State.Faults.InStream = "model runner has unexpectedly stopped";
        var told = await Assert.ThrowsAsync<GatewayException>(() => RunAsync(rig, "llama3.2", BackendContract.Asking("hi")));
        Assert.Equal((ErrorCode.BackendFault, "model runner has unexpectedly stopped"), (told.Error.Code, told.Error.Message));
        rig.State.Faults.InStream = null;
        rig.State.Faults.BreakOff = true;
        var broken = await Assert.ThrowsAsync<GatewayException>(() => RunAsync(rig, "llama3.2", BackendContract.Asking("hi")));
        Assert.Equal((ErrorCode.BackendFault, "ollama"), (broken.Error.Code, broken.Error.Backend));
    }

    [Fact]
    public async Task A_full_queue_is_told_as_one()
    {
        await using var rig = await OllamaRig.StartAsync("llama3.2");
        rig.State.Faults.Busy = true;
        var refused = await Assert.ThrowsAsync<GatewayException>(() => RunAsync(rig, "llama3.2", BackendContract.Asking("hi")));
        Assert.Equal(ErrorCode.QueueFull, refused.Error.Code);
        Assert.NotNull(refused.Error.RetryAfter);
    }

    private static async Task<List<ChatEvent>> RunAsync(OllamaRig rig, string model, ChatRequest request) =>
        await rig.Backend.GenerateAsync(model, request, default, Cancelled).ToListAsync(Cancelled);

    private static string Text(IEnumerable<ChatEvent> events) => string.Concat(events.OfType<ChatEvent.Text>().Select(text => text.Content));
}
