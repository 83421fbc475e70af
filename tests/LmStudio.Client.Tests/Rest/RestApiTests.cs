using System.Text.Json;
using LmStudio.Client.Rest;
using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace LmStudio.Client.Tests.Rest;

public sealed class RestApiTests
{
    [Fact]
    public async Task Models_are_read_with_their_instances()
    {
        await using var server = await ServerAsync("GET /api/v1/models", """
            {"models":[
             {"type":"llm","publisher":"google","key":"google/gemma-4-26b-a4b","display_name":"Gemma 4 26B A4B","architecture":"gemma4",
              "quantization":{"name":"Q4_K_M","bits_per_weight":4},"size_bytes":17990911801,"params_string":"26B-A4B",
              "loaded_instances":[{"id":"google/gemma-4-26b-a4b","config":{"context_length":4096,"eval_batch_size":512,"parallel":4,"flash_attention":true},"remaining_ttl_seconds":5},
                                  {"id":"google/gemma-4-26b-a4b:2","config":{"context_length":8192}}],
              "max_context_length":262144,"format":"gguf",
              "capabilities":{"vision":true,"trained_for_tool_use":true,"reasoning":{"allowed_options":["off","on"],"default":"on"}},
              "description":null,"variants":["google/gemma-4-26b-a4b@q4_k_m"],"selected_variant":"google/gemma-4-26b-a4b@q4_k_m"},
             {"type":"embedding","key":"text-embedding-nomic-embed-text-v1.5","quantization":null,"params_string":null,"format":null,"loaded_instances":[],"max_context_length":2048},
             {"no":"key"}]}
            """);
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var models = await client.Rest.ListModelsAsync();
        Assert.Equal(["google/gemma-4-26b-a4b", "text-embedding-nomic-embed-text-v1.5"], models.Select(model => model.Key));
        var gemma = models[0];
        Assert.Equal(("llm", "Gemma 4 26B A4B", 17990911801, 262144), (gemma.Type, gemma.DisplayName, gemma.SizeBytes, gemma.MaxContextLength));
        Assert.Equal(new Quantization("Q4_K_M", 4), gemma.Quantization);
        Assert.True(gemma.Vision);
        Assert.Equal(["off", "on"], gemma.ReasoningOptions);
        Assert.Equal([("google/gemma-4-26b-a4b", 4096, 4), ("google/gemma-4-26b-a4b:2", 8192, null)],
            gemma.LoadedInstances.Select(instance => (instance.Id, instance.ContextLength, instance.Parallel)));
        Assert.Null(models[1].Quantization);
        Assert.Empty(models[1].LoadedInstances);
    }

    [Fact]
    public async Task Models_of_the_older_API_are_read_also_one_whose_id_has_slashes()
    {
        const string Model = """{"id":"qwen/qwen3-next-80b","object":"model","type":"llm","publisher":"qwen","arch":"qwen3_next","compatibility_type":"mlx","quantization":"4bit","state":"loaded","max_context_length":262144,"loaded_context_length":131072,"capabilities":["tool_use"]}""";
        await using var server = await ServerAsync("GET /api/v0/models", $$"""{"object":"list","data":[{{Model}}]}""");
        server.Routes["GET /api/v0/models/qwen/qwen3-next-80b"] = Answer(200, Model);
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var listed = Assert.Single(await client.Rest.ListModelsV0Async());
        Assert.True(listed.IsLoaded);
        Assert.Equal(("mlx", 262144, 131072), (listed.CompatibilityType, listed.MaxContextLength, listed.LoadedContextLength));
        Assert.Equal(["tool_use"], listed.Capabilities);
        Assert.Equal("qwen3_next", (await client.Rest.GetModelV0Async("qwen/qwen3-next-80b")).Architecture);
    }

    [Fact]
    public async Task A_load_sends_the_settings_that_REST_has_and_reports_the_others()
    {
        var body = default(JsonElement);
        await using var server = await ScriptedServer.StartAsync();
        server.Routes["POST /api/v1/models/load"] = async context =>
        {
            body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
            await Answer(200, """{"type":"llm","instance_id":"k:2","load_time_seconds":9.5,"status":"loaded","load_config":{"context_length":4096,"flash_attention":true}}""")(context);
        };
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var loaded = await client.Rest.LoadModelAsync("k", new LoadConfiguration { ContextLength = 8192, FlashAttention = true, NumParallelSessions = 2 });
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse("""{"model":"k","context_length":8192,"flash_attention":true,"echo_load_config":true}"""), body), body.GetRawText());
        Assert.Equal(("k:2", TimeSpan.FromSeconds(9.5)), (loaded.InstanceId, loaded.LoadTime));
        Assert.Equal(["numParallelSessions", "contextLength"], loaded.NotApplied.Select(item => item.Name));
    }

    [Fact]
    public async Task Unload_and_download_speak_the_documented_bodies()
    {
        var bodies = new List<string>();
        await using var server = await ScriptedServer.StartAsync();
        server.Routes["POST /api/v1/models/unload"] = Recorded("""{"instance_id":"k"}""");
        server.Routes["POST /api/v1/models/download"] = Recorded("""{"job_id":"job_1","status":"downloading","total_size_bytes":2279145003,"started_at":"2025-10-03T15:33:23.496Z"}""");
        server.Routes["GET /api/v1/models/download/status/job_1"] = Answer(200, """{"job_id":"job_1","status":"completed","total_size_bytes":5,"downloaded_bytes":5,"completed_at":"2025-10-03T15:34:00Z"}""");
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });

        await client.Rest.UnloadModelAsync("k");
        var job = await client.Rest.DownloadModelAsync("https://huggingface.co/a/b", "Q4_K_M");
        Assert.Equal(("job_1", "downloading", false), (job.JobId, job.Status, job.IsOver));
        Assert.Equal(new DateTimeOffset(2025, 10, 3, 15, 33, 23, 496, TimeSpan.Zero), job.StartedAt);
        var status = await client.Rest.GetDownloadStatusAsync("job_1");
        Assert.Equal((true, 5L), (status.IsOver, status.DownloadedBytes));
        Assert.Equal(["""{"instance_id":"k"}""", """{"model":"https://huggingface.co/a/b","quantization":"Q4_K_M"}"""], bodies);

        RequestDelegate Recorded(string answer) => async context =>
        {
            bodies.Add(await new StreamReader(context.Request.Body).ReadToEndAsync());
            await Answer(200, answer)(context);
        };
    }

    [Fact]
    public async Task A_200_that_says_unexpected_endpoint_is_a_missing_endpoint()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var error = await Assert.ThrowsAsync<LmStudioEndpointMissingException>(() => client.Rest.ListModelsAsync());
        Assert.Equal("GET /api/v1/models", error.Endpoint);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(405)]
    public async Task A_server_without_the_route_is_a_missing_endpoint(int status)
    {
        await using var server = await ServerAsync("GET /api/v1/models", "<html>", status);
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        await Assert.ThrowsAsync<LmStudioEndpointMissingException>(() => client.Rest.ListModelsAsync());
    }

    [Theory]
    [InlineData(400, """{"error":"'messages' field is required"}""", "'messages' field is required", null, null)]
    [InlineData(400, """{"error":{"message":"Required","type":"invalid_request_error","param":"text.format","code":"missing_required_parameter"}}""", "Required", "invalid_request_error", "missing_required_parameter")]
    [InlineData(404, """{"error":{"type":"model_not_found","message":"no such model"}}""", "no such model", "model_not_found", null)]
    [InlineData(200, """{"error":{"type":"internal_error","message":"broken"}}""", "broken", "internal_error", null)]
    [InlineData(500, """{"error":"Failed to load model \"x\". Error: ..."}""", "Failed to load model \"x\". Error: ...", null, null)]
    [InlineData(500, "not json", "GET /api/v1/models was answered with status 500.", null, null)]
    public async Task Every_shape_of_an_error_is_read(int status, string body, string message, string? type, string? code)
    {
        await using var server = await ServerAsync("GET /api/v1/models", body, status);
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var error = await Assert.ThrowsAsync<LmStudioHttpException>(() => client.Rest.ListModelsAsync());
        Assert.Equal((status, message, message, type, code), (error.StatusCode, error.Message, error.Error.Message, error.Error.Type, error.Error.Code));
    }

    [Theory]
    [InlineData(401, """{"error":{"type":"invalid_request","code":"invalid_api_key","message":"An LM Studio API token is required"}}""")]
    [InlineData(200, """{"error":{"type":"invalid_request","code":"invalid_api_key","message":"An LM Studio API token is required"}}""")]
    [InlineData(401, "")]
    [InlineData(403, "<html>")]
    public async Task A_refused_token_is_an_authentication_failure(int status, string body)
    {
        await using var server = await ServerAsync("GET /api/v1/models", body, status);
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        await Assert.ThrowsAsync<LmStudioAuthenticationException>(() => client.Rest.ListModelsAsync());
    }

    [Fact]
    public async Task The_token_is_sent_as_bearer()
    {
        string? seen = null;
        await using var server = await ScriptedServer.StartAsync();
        server.Routes["GET /api/v1/models"] = context =>
        {
            seen = context.Request.Headers.Authorization;
            return Answer(200, """{"models":[]}""")(context);
        };
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, ApiToken = "sk-lm-abcdefgh:ABCDEFGHIJKLMNOPQRST" });
        Assert.Empty(await client.Rest.ListModelsAsync());
        Assert.Equal("Bearer sk-lm-abcdefgh:ABCDEFGHIJKLMNOPQRST", seen);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"data":[]}""")]
    [InlineData("[]")]
    public async Task A_success_that_does_not_fit_is_a_protocol_error(string body)
    {
        await using var server = await ServerAsync("GET /api/v1/models", body);
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        await Assert.ThrowsAsync<LmStudioProtocolException>(() => client.Rest.ListModelsAsync());
    }

    [Fact]
    public async Task A_body_over_the_limit_is_a_protocol_error()
    {
        await using var server = await ServerAsync("GET /api/v1/models", $$"""{"models":[],"x":"{{new string('x', 5000)}}"}""");
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, MaxResponseBytes = 4096 });
        await Assert.ThrowsAsync<LmStudioProtocolException>(() => client.Rest.ListModelsAsync());
    }

    [Fact]
    public async Task A_server_that_is_down_silent_or_gone_in_the_middle_is_typed()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Routes["GET /api/v1/models"] = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        server.Routes["GET /api/v0/models"] = async context =>
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("{");
            await context.Response.Body.FlushAsync();
            context.Abort();
        };
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, RequestTimeout = TimeSpan.FromMilliseconds(200) });
        await Assert.ThrowsAsync<LmStudioTimeoutException>(() => client.Rest.ListModelsAsync());
        await using var patient = new LmStudioClient(new() { BaseAddress = server.Address });
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => patient.Rest.ListModelsV0Async());
        using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => patient.Rest.ListModelsAsync(leaving.Token));

        using var port = new ReservedPort();
        await using var down = new LmStudioClient(new() { BaseAddress = port.Address });
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => down.Rest.ListModelsAsync());
    }

    private static async Task<ScriptedServer> ServerAsync(string route, string body, int status = 200)
    {
        var server = await ScriptedServer.StartAsync();
        server.Routes[route] = Answer(status, body);
        return server;
    }

    private static RequestDelegate Answer(int status, string body) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    };
}
