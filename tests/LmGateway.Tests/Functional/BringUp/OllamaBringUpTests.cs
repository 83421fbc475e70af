using LmGateway.Configuration;
using LmGateway.Tests.Backends.Ollama;
using LmGateway.Tests.Functional.Mcp;
using Ollama.StandIn;
using Xunit;

namespace LmGateway.Tests.Functional.BringUp;

/// <summary><c>init_llm</c> with BACKEND=ollama, from every state a machine can be in, against real processes.</summary>
public sealed class OllamaBringUpTests
{
    private const string Wanted = "unsloth/SmolLM3-3B-128K-GGUF";

    [Fact]
    [Trait("req", "S3-01")]
    [Trait("req", "S3-26")]
    [Trait("req", "S3-27")]
    public async Task Nothing_installed_is_told_with_where_to_get_it()
    {
        await using var gateway = await StartAsync($"http://127.0.0.1:{FreePort.Next()}", "/no/such/ollama");
        var answer = await new McpCaller(gateway.Http).CallAsync("init_llm");
        Assert.True(answer.IsError);
        Assert.Equal("""{"success":false,"message":"Ollama is not installed. Please install from https://ollama.com","steps_performed":[]}""", answer.Text);
    }

    [Fact]
    [Trait("req", "S3-03")]
    [Trait("req", "S3-04")]
    [Trait("req", "S3-09")]
    [Trait("req", "S3-10")]
    [Trait("req", "S3-11")]
    [Trait("req", "S3-12")]
    [Trait("req", "S3-13")]
    [Trait("req", "S3-19")]
    [Trait("req", "S3-23")]
    [Trait("req", "S3-34")]
    public async Task From_nothing_running_it_starts_downloads_and_loads_and_the_second_time_does_nothing()
    {
        using var path = new OllamaOnPath(("OLLAMA_STANDIN_START_MS", "300"));
        await using var gateway = await StartAsync($"http://127.0.0.1:{FreePort.Next()}", path.Program);
        var mcp = new McpCaller(gateway.Http);
        var first = await mcp.CallAsync("init_llm", "{}", "up");
        Assert.False(first.IsError, first.Text);
        Assert.Equal("LLM ready for routing", first.Structure.GetProperty("message").GetString());
        Assert.Equal(["Started Ollama service", $"Downloaded model {Wanted}", $"Loaded model {Wanted} into memory"], Steps(first));
        Assert.Contains(first.Reply.Progress, step => step.GetProperty("message").GetString()!.StartsWith("Downloading model: ", StringComparison.Ordinal));
        var second = await mcp.CallAsync("init_llm");
        Assert.Equal(["Ollama already running", $"Model {Wanted} already installed", $"Model {Wanted} already loaded"], Steps(second));
        Assert.Contains((await mcp.CallAsync("list_models", """{"loaded_only":true}""")).Structure.GetProperty("models").EnumerateArray(), model => model.GetProperty("key").GetString()!.StartsWith("hf.co/unsloth/SmolLM3-3B-128K-GGUF", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("req", "S3-18")]
    [Trait("req", "S3-22")]
    public async Task A_longer_tag_or_name_is_another_model()
    {
        await using var ollama = await OllamaServer.StartAsync(new StandInOptions { Models = ["llama3.2:1b"] });
        await using var gateway = await StartAsync(ollama.Address, "/no/such/ollama", "llama3.2:3b");
        var answer = await new McpCaller(gateway.Http).CallAsync("init_llm");
        Assert.Equal(["Ollama already running", "Downloaded model llama3.2:3b", "Loaded model llama3.2:3b into memory"], Steps(answer));
    }

    [Fact]
    [Trait("req", "S3-31")]
    public async Task A_model_that_cannot_be_had_is_told_in_the_documents_words()
    {
        await using var ollama = await OllamaServer.StartAsync(new StandInOptions { Pullable = ["llama3.2:3b"] });
        await using var gateway = await StartAsync(ollama.Address, "/no/such/ollama", "no-such-model:1b");
        var answer = await new McpCaller(gateway.Http).CallAsync("init_llm");
        Assert.True(answer.IsError);
        Assert.StartsWith("Model 'no-such-model:1b' not found. Check MODEL_NAME", answer.Structure.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("req", "S3-24")]
    [Trait("req", "S3-29")]
    public async Task Routing_before_it_runs_says_what_to_run()
    {
        await using var gateway = await StartAsync($"http://127.0.0.1:{FreePort.Next()}", "/no/such/ollama");
        var answer = await new McpCaller(gateway.Http).CallAsync("get_instructions", """{"task":"t","intent":"i"}""");
        Assert.True(answer.IsError);
        Assert.Equal("""{"error":"Ollama is not running. Run init_llm to start it."}""", answer.Text);
    }

    [Fact]
    [Trait("req", "S3-15")]
    public async Task Ollamas_own_generate_request_is_answered_as_the_document_prints_it()
    {
        await using var ollama = await OllamaServer.StartAsync(new StandInOptions { Models = ["llama3.2:3b"] });
        using var http = new HttpClient { BaseAddress = new Uri(ollama.Address) };
        using var reply = await http.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/api/generate") { Content = new StringContent("""{"model":"llama3.2:3b","prompt":"Hello","stream":false,"options":{"temperature":0.1,"num_predict":100} }""") }, TestContext.Current.CancellationToken);
        Assert.True(reply.IsSuccessStatusCode);
    }

    private static IEnumerable<string?> Steps(McpAnswer answer) => answer.Structure.GetProperty("steps_performed").EnumerateArray().Select(step => step.GetString());

    private static Task<GatewayUnderTest> StartAsync(string address, string program, string model = Wanted) => GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{FreePort.Next()}", options => options with
    {
        Backends = [BackendEntry.Ollama],
        Ollama = options.Ollama with { BaseUrl = address, Program = program },
        BringUp = new BringUpOptions { Model = model },
    });
}
