using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Http;

/// <summary>The model lists, loading and unloading of the native APIs v0 and v1, and the OpenAI list.</summary>
public sealed class NativeModelTests
{
    [Fact]
    public async Task The_greeting_identifies_lm_studio_without_a_token()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { ApiToken = "sk-lm-12345678:12345678901234567890" });
        var reply = await rig.GetAsync("/lmstudio-greeting");
        Assert.Equal((200, """{"lmstudio":true}"""), (reply.Status, reply.Text));
        Assert.Equal("application/json; charset=utf-8", reply.ContentType?.ToString());
    }

    [Fact]
    public async Task The_openai_list_has_every_downloaded_model_and_no_created()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.GetAsync("/v1/models");
        Assert.Equal([Rig.Granite, Rig.Qwen, "qwen2-1.5b-instruct", Rig.Vision, Rig.Embedding], reply.Json.At("data").EnumerateArray().Select(each => each.At("id").GetString()));
        Assert.Equal($$"""{"id":"{{Rig.Granite}}","object":"model","owned_by":"organization_owner"}""", reply.At("data", 0));
        Assert.Equal("list", reply.At("object"));
    }

    [Theory]
    [InlineData("qwen/qwen3-4b-2507")]
    [InlineData("qwen%2Fqwen3-4b-2507")]
    public async Task One_openai_model_is_found_with_its_slash_raw_or_encoded(string id)
    {
        await using var rig = await Rig.StartAsync();
        Assert.Equal(Rig.Qwen, (await rig.GetAsync("/v1/models/" + id)).At("id"));
        Assert.Equal(404, (await rig.GetAsync("/v1/models/nope")).Status);
    }

    [Fact]
    public async Task The_v0_list_tells_type_publisher_state_and_context()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Qwen}}","context_length":8192}""");
        var entries = (await rig.GetAsync("/api/v0/models")).Json.At("data").EnumerateArray().ToDictionary(each => each.At("id").GetString()!);
        Assert.Equal("ibm-granite", entries[Rig.Granite].At("publisher").GetString());
        Assert.Equal(("not-loaded", false), (entries[Rig.Granite].At("state").GetString(), entries[Rig.Granite].Has("loaded_context_length")));
        Assert.Equal(("loaded", 8192), (entries[Rig.Qwen].At("state").GetString(), entries[Rig.Qwen].At("loaded_context_length").GetInt32()));
        Assert.Equal(["vlm", "embeddings"], new[] { Rig.Vision, Rig.Embedding }.Select(id => entries[id].At("type").GetString()));
        Assert.Equal("tool_use", entries[Rig.Qwen].At("capabilities", 0).GetString());
        Assert.Equal("gguf", entries[Rig.Qwen].At("compatibility_type").GetString());
    }

    [Fact]
    public async Task One_v0_model_is_the_entry_of_the_list()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.GetAsync("/api/v0/models/" + Rig.Qwen);
        Assert.Equal((Rig.Qwen, "qwen"), (reply.At("id"), reply.At("publisher")));
        Assert.Equal(404, (await rig.GetAsync("/api/v0/models/nope")).Status);
    }

    [Fact]
    public async Task The_v1_list_has_two_instances_of_a_key_with_their_configuration()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Qwen}}"}""");
        await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Qwen}}","context_length":8192,"flash_attention":false}""");
        var entry = (await rig.GetAsync("/api/v1/models")).Json.At("models").EnumerateArray().Single(each => each.At("key").GetString() == Rig.Qwen);
        Assert.Equal(
            $$$"""[{"id":"{{{Rig.Qwen}}}","config":{"context_length":4096,"eval_batch_size":512,"parallel":4,"flash_attention":true,"num_experts":0,"offload_kv_cache_to_gpu":true}},"""
            + $$$"""{"id":"{{{Rig.Qwen}}}:2","config":{"context_length":8192,"eval_batch_size":512,"parallel":4,"flash_attention":false,"num_experts":0,"offload_kv_cache_to_gpu":true}}]""",
            entry.At("loaded_instances").GetRawText());
        Assert.Equal("""{"name":"Q4_K_M","bits_per_weight":4}""", entry.At("quantization").GetRawText());
        Assert.Equal(2_497_281_120, entry.At("size_bytes").GetInt64());
        Assert.Equal($"[\"{Rig.Qwen}@q4_k_m\"]", entry.At("variants").GetRawText());
        Assert.Equal("""{"vision":false,"trained_for_tool_use":true,"reasoning":{"allowed_options":["off","on"],"default":"off"}}""", entry.At("capabilities").GetRawText());
    }

    [Fact]
    public async Task An_embedding_model_of_the_v1_list_lacks_what_only_language_models_have()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Embedding}}"}""");
        var entry = (await rig.GetAsync("/api/v1/models")).Json.At("models").EnumerateArray().Single(each => each.At("key").GetString() == Rig.Embedding);
        Assert.Equal("embedding", entry.At("type").GetString());
        Assert.False(entry.Has("architecture") || entry.Has("capabilities") || entry.Has("description") || entry.Has("variants"));
        Assert.Equal("""{"context_length":2048}""", entry.At("loaded_instances", 0, "config").GetRawText());
    }

    [Fact]
    public async Task A_rest_load_answers_when_it_is_done_and_echoes_its_configuration_when_asked()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = TimeSpan.FromMilliseconds(20) });
        var reply = await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Granite}}","context_length":2048,"eval_batch_size":256,"echo_load_config":true}""");
        Assert.Equal(("llm", Rig.Granite, "loaded"), (reply.At("type"), reply.At("instance_id"), reply.At("status")));
        Assert.True(reply.Json.At("load_time_seconds").GetDouble() > 0);
        Assert.Equal("""{"context_length":2048,"eval_batch_size":256,"flash_attention":true,"num_experts":0,"offload_kv_cache_to_gpu":true}""", reply.At("load_config"));
        var instance = Assert.Single(rig.State.Instances.All);
        Assert.Equal((false, null, 4), (instance.OnDemand, instance.Ttl, instance.Parallel));
        var plain = await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Embedding}}"}""");
        Assert.Equal("embedding", plain.At("type"));
        Assert.False(plain.Json.Has("load_config"));
    }

    [Fact]
    public async Task A_model_that_is_being_loaded_is_not_marked()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = TimeSpan.FromSeconds(20) });
        using var leaving = new CancellationTokenSource();
        var load = rig.OpenAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Granite}}"}""", leaving.Token);
        await Rig.EventuallyAsync(() => rig.Counters.LoadsStarted == 1);
        Assert.Equal("[]", (await rig.GetAsync("/api/v1/models")).At("models", 0, "loaded_instances"));
        Assert.Equal("not-loaded", (await rig.GetAsync("/api/v0/models/" + Rig.Granite)).At("state"));
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load);
    }

    [Theory]
    [InlineData("{}", 400, """{"error":{"type":"invalid_request","message":"\"model\" is required","code":"missing_required_parameter","param":"model"}}""")]
    [InlineData("""{"model":"nope"}""", 404, """{"error":{"type":"model_not_found","message":"Model nope not found in downloaded models","code":"model_not_found","param":"model"}}""")]
    [InlineData("""{"model":"granite-3.0-2b-instruct","context_length":"big"}""", 400, """{"error":{"type":"invalid_request","message":"Invalid value for \"context_length\"","code":"invalid_value","param":"context_length"}}""")]
    public async Task A_rest_load_refuses_in_the_native_shape(string body, int status, string expected)
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/api/v1/models/load", body);
        Assert.Equal((status, expected), (reply.Status, reply.Text));
    }

    [Fact]
    public async Task A_load_that_does_not_fit_fails_with_the_guardrails_text()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { MemoryModels = 0 });
        var reply = await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Granite}}"}""");
        Assert.Equal((500, "model_load_failed"), (reply.Status, reply.At("error", "type")));
        Assert.StartsWith(
            "Model loading was stopped due to insufficient system resources. Under the current settings, this model requires approximately 1.60 GB of memory",
            reply.At("error", "message"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unload_takes_an_instance_id_and_an_unknown_one_is_404()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Granite}}"}""");
        var reply = await rig.PostAsync("/api/v1/models/unload", $$"""{"instance_id":"{{Rig.Granite}}"}""");
        Assert.Equal((200, $$"""{"instance_id":"{{Rig.Granite}}"}"""), (reply.Status, reply.Text));
        var again = await rig.PostAsync("/api/v1/models/unload", $$"""{"instance_id":"{{Rig.Granite}}"}""");
        Assert.Equal((404, "model_not_found"), (again.Status, again.At("error", "type")));
        Assert.Equal(1, rig.Counters.Unloads);
    }

    [Fact]
    public async Task A_caller_that_leaves_during_a_rest_load_stops_it()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = TimeSpan.FromSeconds(20) });
        using var leaving = new CancellationTokenSource();
        var load = rig.OpenAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Granite}}"}""", leaving.Token);
        await Rig.EventuallyAsync(() => rig.Counters.LoadsStarted == 1);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load);
        await Rig.EventuallyAsync(() => rig.Counters.LoadsCancelled == 1);
        rig.State.Change(settings => settings with { LoadTime = TimeSpan.Zero });
        Assert.Equal(Rig.Granite, (await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Granite}}"}""")).At("instance_id"));
    }

    [Fact]
    public async Task A_v0_answer_adds_figures_model_and_runtime()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/api/v0/chat/completions", $$"""{"model":"{{Rig.Granite}}","messages":[{"role":"user","content":"count to 9"}],"max_tokens":4}""");
        Assert.Equal("1, 2, 3, 4", reply.At("choices", 0, "message", "content"));
        Assert.Equal("maxPredictedTokensReached", reply.At("stats", "stop_reason"));
        Assert.True(reply.Json.At("stats", "tokens_per_second").GetDouble() > 0);
        Assert.Equal("""{"arch":"granite","quant":"Q4_K_M","format":"gguf","context_length":4096}""", reply.At("model_info"));
        Assert.Equal("gguf", reply.At("runtime", "supported_formats", 0));
        var completion = await rig.PostAsync("/api/v0/completions", $$"""{"model":"{{Rig.Granite}}","prompt":"count to 2"}""");
        Assert.Equal(("1, 2", "eosFound"), (completion.At("choices", 0, "text"), completion.At("stats", "stop_reason")));
        var embedding = await rig.PostAsync("/api/v0/embeddings", $$"""{"model":"{{Rig.Embedding}}","input":"x"}""");
        Assert.Equal("""{"prompt_tokens":0,"total_tokens":0}""", embedding.At("usage"));
    }

    [Fact]
    public async Task Parallel_sessions_bound_what_runs_at_once_and_the_rest_waits_in_order()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { ParallelSessions = 2, TimeToFirstToken = TimeSpan.FromMilliseconds(20) });
        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ =>
            rig.PostAsync("/v1/chat/completions", $$"""{"model":"{{Rig.Granite}}","messages":[{"role":"user","content":"hi"}]}""")));
        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        Assert.Equal((2, 10, 0), (rig.Counters.PeakParallelPredictions, rig.Counters.PredictionsCompleted, rig.Counters.OpenStreams));
        Assert.Equal(ProcessingStatus.Idle, rig.State.Instances.All[0].State.Status);
    }
}
