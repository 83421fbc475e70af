using System.Text.Json;
using LmGateway.Serving;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional.Mcp;

/// <summary>Tools that look at models and move them in and out of memory.</summary>
public sealed class McpToolsTests
{
    [Theory]
    [InlineData(McpCaller.Newest)]
    [InlineData(McpCaller.Older)]
    public async Task Models_are_listed_with_what_is_loaded_and_nothing_is_loaded_for_it(string version)
    {
        await using var service = await McpGateway.StartAsync();
        var mcp = new McpCaller(service.Gateway.Http, version);
        var all = await mcp.CallAsync("list_models");
        var chat = Assert.Single(all.Structure.GetProperty("models").EnumerateArray(), model => model.GetProperty("key").ValueEquals(GatewayUnderTest.Chat));
        Assert.Equal("not-loaded", chat.GetProperty("state").GetString());
        Assert.Contains($"{GatewayUnderTest.Chat} (llm, not loaded)", all.Text, StringComparison.Ordinal);
        Assert.Equal(0, (await mcp.CallAsync("list_models", """{"loaded_only":true}""")).Structure.GetProperty("models").GetArrayLength());
        Assert.All((await mcp.CallAsync("list_models", """{"type":"embedding"}""")).Structure.GetProperty("models").EnumerateArray(), model => Assert.Equal("embedding", model.GetProperty("type").GetString()));
        Assert.Equal("ok", (await mcp.CallAsync("server_status")).Structure.GetProperty("status").GetString());
        Assert.Equal(0, service.Counters.LoadsStarted);
        Assert.Equal(0, service.Counters.Predictions);
    }

    [Fact]
    public async Task A_model_is_loaded_once_told_about_and_unloaded()
    {
        await using var service = await McpGateway.StartAsync();
        var loaded = await service.Mcp.CallAsync("load_model", $$"""{"model":"{{GatewayUnderTest.Chat}}","context_length":2048,"gpu":"max","ttl":600}""", "p1");
        Assert.False(loaded.IsError, loaded.Text);
        Assert.Equal(GatewayUnderTest.Chat, loaded.Structure.GetProperty("instance_id").GetString());
        Assert.Contains(loaded.Reply.Progress, progress => progress.GetProperty("message").GetString()!.StartsWith($"Loading {GatewayUnderTest.Chat}", StringComparison.Ordinal));
        await service.Mcp.CallAsync("load_model", $$"""{"model":"{{GatewayUnderTest.Chat}}"}""");
        Assert.Equal(1, service.Counters.LoadsCompleted);

        var status = await service.Mcp.CallAsync("server_status");
        Assert.Equal(GatewayUnderTest.Chat, status.Structure.GetProperty("backends")[0].GetProperty("loaded")[0].GetString());
        var unloaded = await service.Mcp.CallAsync("unload_model", $$"""{"model":"{{GatewayUnderTest.Chat}}"}""");
        Assert.Equal($"Unloaded: {GatewayUnderTest.Chat}.", unloaded.Text);
        Assert.Equal("Nothing was loaded.", (await service.Mcp.CallAsync("unload_model", """{"all":true}""")).Text);
    }

    [Fact]
    public async Task An_exclusive_load_tells_what_it_unloaded_and_a_name_makes_another_copy()
    {
        await using var service = await McpGateway.StartAsync();
        await service.Mcp.CallAsync("load_model", $$"""{"model":"{{GatewayUnderTest.Other}}"}""");
        var loaded = await service.Mcp.CallAsync("load_model", $$"""{"model":"{{GatewayUnderTest.Chat}}","instance_id":"mine","exclusive":true}""");
        Assert.Equal("mine", loaded.Structure.GetProperty("instance_id").GetString());
        Assert.Equal(GatewayUnderTest.Other, Assert.Single(loaded.Structure.GetProperty("unloaded").EnumerateArray()).GetString());
        var taken = await service.Mcp.CallAsync("load_model", $$"""{"model":"{{GatewayUnderTest.Chat}}","instance_id":"mine"}""");
        Assert.True(taken.IsError);
        Assert.Contains("mine", taken.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("load_model", "{}", "Missing required field: model")]
    [InlineData("load_model", """{"model":"qwen2-1.5b-instruct","context_length":"long"}""", "Field 'context_length' must be a number")]
    [InlineData("load_model", """{"model":"qwen2-1.5b-instruct","gpu":2}""", "Field 'gpu' must be a number from 0 to 1")]
    [InlineData("load_model", """{"model":"qwen2-1.5b-instruct","threads":4}""", "Unknown argument: threads. Known: model, context_length")]
    [InlineData("load_model", """{"model":"no-such-model"}""", "Model not found: no-such-model")]
    [InlineData("unload_model", "{}", "Missing required field: model (or instance_id, or all: true)")]
    [InlineData("unload_model", """{"model":"qwen2-1.5b-instruct"}""", "Model not found: qwen2-1.5b-instruct")]
    [InlineData("list_models", """{"type":"image"}""", "Field 'type' must be llm or embedding.")]
    [InlineData("list_models", """{"loaded_only":"perhaps"}""", "Field 'loaded_only' must be true or false.")]
    [InlineData("chat", "{}", "Missing required field: prompt")]
    [InlineData("chat", """{"prompt":"hi","temperature":3}""", "Field 'temperature' must be a number from 0 to 2.")]
    [InlineData("chat", """{"prompt":"hi","model":"no-such-model"}""", "Model 'no-such-model' is not available.")]
    [InlineData("chat", """{"prompt":"hi"}""", "The call names no model, MODEL_NAME is not set, and no model is active.")]
    [InlineData("chat", """{"prompt":"hi","model":"qwen2-1.5b-instruct","images":["????"]}""", "Field 'images': base64 data is expected.")]
    [InlineData("chat", """{"prompt":"hi","model":"qwen2-1.5b-instruct","json_schema":"nothing"}""", "Field 'json_schema' is not valid JSON.")]
    [InlineData("embed", "{}", "Missing required field: input")]
    [InlineData("embed", """{"input":[1]}""", "Field 'input' must hold texts only.")]
    [InlineData("pull_model", """{"model":"--yes"}""", "begins with '-'")]
    [InlineData("delete_model", """{"model":"qwen2-1.5b-instruct"}""", "call delete_model again with confirm: true")]
    [InlineData("start_job", """{"tool":"start_job"}""", "There is no tool 'start_job' to run as a job.")]
    [InlineData("start_job", """{"tool":"chat","arguments":[]}""", "Field 'arguments' must be an object.")]
    [InlineData("job_status", """{"job_id":"job_0"}""", "There is no job 'job_0'")]
    [InlineData("get_instructions", """{"intent":"x"}""", "Missing required field: task")]
    [InlineData("get_instructions", """{"task":"x"}""", "Missing required field: intent")]
    public async Task A_call_that_cannot_be_done_says_what_is_wrong_with_it(string tool, string arguments, string problem)
    {
        await using var service = await McpGateway.StartAsync();
        var answer = await service.Mcp.CallAsync(tool, arguments);
        Assert.True(answer.IsError);
        Assert.Contains(problem, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_is_deleted_only_after_it_was_confirmed()
    {
        await using var service = await McpGateway.StartWithFilesAsync();
        await service.Mcp.CallAsync("delete_model", $$"""{"model":"{{GatewayUnderTest.Other}}"}""");
        Assert.Contains(GatewayUnderTest.Other, (await service.Mcp.CallAsync("list_models")).Text, StringComparison.Ordinal);
        var deleted = await service.Mcp.CallAsync("delete_model", $$"""{"model":"{{GatewayUnderTest.Other}}","confirm":true}""");
        Assert.False(deleted.IsError, deleted.Text);
        Assert.Equal(GatewayUnderTest.Other, deleted.Structure.GetProperty("model").GetString());
        Assert.DoesNotContain(GatewayUnderTest.Other, (await service.Mcp.CallAsync("list_models")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_person_in_front_of_a_client_that_can_ask_is_asked_first()
    {
        await using var service = await McpGateway.StartWithFilesAsync();
        var asked = await AskingAsync(service, $$"""{"name":"delete_model","arguments":{"model":"{{GatewayUnderTest.Other}}"} }""");
        Assert.True(asked.Result.TryGetProperty("resultType", out _), asked.Last.GetRawText());
        Assert.Equal("input_required", asked.Result.GetProperty("resultType").GetString());
        var state = asked.Result.GetProperty("requestState").GetString();
        Assert.Contains(GatewayUnderTest.Other, asked.Result.GetProperty("inputRequests").GetProperty("delete").GetProperty("params").GetProperty("message").GetString(), StringComparison.Ordinal);

        var refused = await AskingAsync(service, Answered(state, """{"action":"decline"}"""));
        Assert.True(refused.Result.GetProperty("isError").GetBoolean());
        Assert.Contains(GatewayUnderTest.Other, (await service.Mcp.CallAsync("list_models")).Text, StringComparison.Ordinal);
        var done = await AskingAsync(service, Answered(state, """{"action":"accept","content":{"confirm":true} }"""));
        Assert.Equal(GatewayUnderTest.Other, done.Result.GetProperty("structuredContent").GetProperty("model").GetString());
    }

    [Fact]
    public async Task Texts_become_vectors_by_the_only_embedding_model()
    {
        await using var service = await McpGateway.StartAsync();
        var embedded = await service.Mcp.CallAsync("embed", """{"input":["one","two"]}""", "p");
        Assert.False(embedded.IsError, embedded.Text);
        Assert.Equal(2, embedded.Structure.GetProperty("embeddings").GetArrayLength());
        Assert.Equal(embedded.Structure.GetProperty("dimensions").GetInt32(), embedded.Structure.GetProperty("embeddings")[1].GetArrayLength());
        Assert.Equal(GatewayUnderTest.Embedder, embedded.Structure.GetProperty("model").GetString());
        Assert.NotEmpty(embedded.Reply.Progress);
        Assert.Equal(1, (await service.Mcp.CallAsync("embed", """{"input":"one"}""")).Structure.GetProperty("embeddings").GetArrayLength());
    }

    [Fact]
    public async Task A_download_is_followed_and_a_second_call_finds_it_there()
    {
        await using var service = await McpGateway.StartAsync(simulated => simulated with { DownloadTime = TimeSpan.FromMilliseconds(200) });
        var pulled = await service.Mcp.CallAsync("pull_model", """{"model":"https://huggingface.co/Qwen/Qwen3-4B-GGUF","quant":"Q8_0"}""", "p");
        Assert.False(pulled.IsError, pulled.Text);
        Assert.Equal("downloaded", pulled.Structure.GetProperty("status").GetString());
        var progress = pulled.Reply.Progress.Select(step => step.GetProperty("progress").GetDouble()).ToList();
        Assert.Equal(progress.Order(), progress);
        Assert.Equal(progress.Count, progress.Distinct().Count());
        Assert.Contains(pulled.Reply.Progress, step => step.GetProperty("message").GetString()!.StartsWith("Downloading model:", StringComparison.Ordinal));
        Assert.Equal("already_downloaded", (await service.Mcp.CallAsync("pull_model", """{"model":"https://huggingface.co/Qwen/Qwen3-4B-GGUF","quant":"Q8_0"}""")).Structure.GetProperty("status").GetString());
    }

    [Fact]
    public async Task The_active_model_is_told_and_answers_where_none_is_named()
    {
        await using var service = await McpGateway.StartAsync();
        Assert.Equal(200, (await service.Gateway.PostJsonAsync("/admin/models/activate", $$"""{"modelKey":"{{GatewayUnderTest.Chat}}"}""")).Status);
        Assert.Equal(GatewayUnderTest.Chat, (await service.Mcp.CallAsync("server_status")).Structure.GetProperty("active_model").GetString());
        Assert.Equal(GatewayUnderTest.Chat, (await service.Mcp.CallAsync("chat", """{"prompt":"count to 3"}""")).Structure.GetProperty("model").GetString());
    }

    private static string Answered(string? state, string answer) =>
        $$"""{"name":"delete_model","arguments":{"model":"{{GatewayUnderTest.Other}}"},"requestState":{{JsonSerializer.Serialize(state)}},"inputResponses":{"delete":{{answer}} } }""";

    private static Task<McpReply> AskingAsync(McpGateway service, string parameters)
    {
        var request = service.Mcp.Request("tools/call", parameters);
        var body = service.Mcp.Body("tools/call", parameters).Replace("clientCapabilities\":{}", "clientCapabilities\":{\"elicitation\":{\"form\":{}}}", StringComparison.Ordinal);
        request.Content = McpCaller.Post(body).Content;
        return service.Mcp.PostAsync(request, TestContext.Current.CancellationToken);
    }
}
