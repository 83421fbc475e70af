using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Mcp;

/// <summary><c>lmgateway mcp</c> in raw frames: by itself, and through a running service.</summary>
public sealed class McpStdioTests : IDisposable
{
    private const string Hello = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"} } }""";
    private const string Ready = """{"jsonrpc":"2.0","method":"notifications/initialized"}""";
    private const string New = """{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{} }""";

    private readonly string folder = Directory.CreateTempSubdirectory("mcp-stdio-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("req", "S3-02")]
    [Trait("req", "S3-04")]
    [Trait("req", "S3-06")]
    public async Task A_client_configures_it_by_its_environment_and_talks_in_either_era(bool throughService)
    {
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { TokensPerSecond = 0, LoadTime = TimeSpan.FromMilliseconds(30) }, cancellationToken: TestContext.Current.CancellationToken);
        await using var service = throughService ? await GatewayUnderTest.StartAgainstAsync(simulator.Address.ToString()) : null;
        await using var mcp = Start(simulator, service);
        await mcp.SendAsync(Hello);
        Assert.Equal("2025-11-25", (await mcp.AnswerAsync(1)).Result.GetProperty("protocolVersion").GetString());
        await mcp.SendAsync(Ready);
        await mcp.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"tools/list"}""");
        Assert.Equal(14, (await mcp.AnswerAsync(2)).Result.GetProperty("tools").GetArrayLength());

        await mcp.SendAsync("""{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"init_llm","arguments":{},"_meta":{"progressToken":"p"} } }""");
        var ready = await mcp.AnswerAsync(3);
        Assert.True(ready.Result.GetProperty("structuredContent").GetProperty("success").GetBoolean(), ready.Last.GetRawText());
        Assert.Contains(ready.Progress, step => step.GetProperty("progressToken").ValueEquals("p"));
        Assert.Contains("Loaded model Qwen/Qwen2-1.5B-Instruct-GGUF into memory", ready.Last.GetRawText(), StringComparison.Ordinal);

        await mcp.SendAsync($$"""{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"chat","arguments":{"prompt":"count to 3"},"_meta":{{New}} } }""");
        Assert.Equal("1, 2, 3", (await mcp.AnswerAsync(4)).Result.GetProperty("content")[0].GetProperty("text").GetString());
        var (rest, code) = await mcp.CloseAsync();
        Assert.Empty(rest);
        Assert.Equal(0, code);
        Assert.Contains(throughService ? "MCP through the service at http://127.0.0.1:" : "MCP served by this process itself (no service answers at", mcp.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_cancel_ends_the_generation_and_is_not_answered(bool throughService, bool newest)
    {
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { TokensPerSecond = 50, LoadTime = TimeSpan.FromMilliseconds(30) }, cancellationToken: TestContext.Current.CancellationToken);
        await using var service = throughService ? await GatewayUnderTest.StartAgainstAsync(simulator.Address.ToString()) : null;
        await using var mcp = Start(simulator, service);
        if (!newest)
        {
            await mcp.SendAsync(Hello);
            await mcp.AnswerAsync(1);
            await mcp.SendAsync(Ready);
        }

        var meta = newest ? $",\"_meta\":{New}" : "";
        await mcp.SendAsync($$"""{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"chat","arguments":{"prompt":"count to 100000"}{{meta}} } }""");
        await Eventually.TrueAsync(() => simulator.State.Counters.OpenStreams == 1, "the generation runs");
        await mcp.SendAsync("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7,"reason":"enough"} }""");
        await Eventually.TrueAsync(() => simulator.State.Counters.Snapshot() is { Cancels: 1, OpenStreams: 0, OpenRequests: 0 }, "the backend sees the cancel");
        await mcp.SendAsync($$"""{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"list_models","arguments":{}{{meta}} } }""");
        Assert.Equal(8, (await mcp.NextAsync()).GetProperty("id").GetInt32());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_closes_its_end_ends_the_program_and_what_it_does(bool throughService)
    {
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { TokensPerSecond = 50, LoadTime = TimeSpan.FromMilliseconds(30) }, cancellationToken: TestContext.Current.CancellationToken);
        await using var service = throughService ? await GatewayUnderTest.StartAgainstAsync(simulator.Address.ToString()) : null;
        await using var mcp = Start(simulator, service);
        await mcp.SendAsync($$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"chat","arguments":{"prompt":"count to 100000"},"_meta":{{New}} } }""");
        await Eventually.TrueAsync(() => simulator.State.Counters.OpenStreams == 1, "the generation runs");
        Assert.Equal(0, (await mcp.CloseAsync()).ExitCode);
        await Eventually.TrueAsync(() => simulator.State.Counters.Snapshot() is { Cancels: 1, OpenStreams: 0 }, "the generation ends");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_line_that_is_no_message_does_not_end_it(bool throughService)
    {
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken: TestContext.Current.CancellationToken);
        await using var service = throughService ? await GatewayUnderTest.StartAgainstAsync(simulator.Address.ToString()) : null;
        await using var mcp = Start(simulator, service);
        foreach (var line in new[] { "garbage", "", "[]", "42", "{\"jsonrpc\":\"2.0\"", "\"text\"" }) await mcp.SendAsync(line);
        await mcp.SendAsync($$"""{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"_meta":{{New}} } }""");
        Assert.Equal(14, (await mcp.AnswerAsync(5)).Result.GetProperty("tools").GetArrayLength());
    }

    [Fact]
    public async Task A_service_that_ends_in_the_middle_is_told_to_the_client()
    {
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken: TestContext.Current.CancellationToken);
        var service = await GatewayUnderTest.StartAgainstAsync(simulator.Address.ToString());
        await using var mcp = Start(simulator, service);
        await mcp.SendAsync(Hello);
        await mcp.AnswerAsync(1);
        await service.DisposeAsync();
        await mcp.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"tools/list"}""");
        Assert.Contains("does not answer", (await mcp.AnswerAsync(2)).ErrorText, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("req", "S3-05")]
    [InlineData("vllm")]
    [InlineData("lm studio 2")]
    public async Task An_unknown_backend_is_refused_with_the_known_ones(string backend)
    {
        await using var mcp = McpProgram.Start(folder, new Dictionary<string, string> { ["BACKEND"] = backend });
        var (output, code) = await mcp.CloseAsync();
        Assert.Empty(output);
        Assert.Equal(2, code);
        Assert.Contains("ollama, lmstudio", mcp.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("req", "S3-01")]
    [Trait("req", "S3-27")]
    public async Task Without_a_backend_it_is_Ollama_and_the_folder_it_is_started_in_is_not_trusted()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, ".env"), "BACKEND=lmstudio\n", TestContext.Current.CancellationToken);
        await using var mcp = McpProgram.Start(folder, new Dictionary<string, string> { ["PORT"] = FreePort.Next().ToString(), ["OLLAMA_URL"] = $"http://127.0.0.1:{FreePort.Next()}", ["LMGATEWAY_OLLAMA__PROGRAM"] = "/no/such/ollama" });
        await mcp.SendAsync($$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"init_llm","arguments":{},"_meta":{{New}} } }""");
        Assert.Equal("Ollama is not installed. Please install from https://ollama.com", (await mcp.AnswerAsync(1)).Result.GetProperty("structuredContent").GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_service_that_the_environment_names_is_used_with_its_key()
    {
        await using var service = await GatewayUnderTest.StartAsync(configure: options => options with { Security = options.Security with { ApiKey = "a-key" } });
        await using var mcp = McpProgram.Start(folder, new Dictionary<string, string> { ["LMGATEWAY_URL"] = service.Address.ToString(), ["LMGATEWAY_KEY"] = "a-key", ["PORT"] = FreePort.Next().ToString() });
        await mcp.SendAsync(Hello);
        await mcp.AnswerAsync(1);
        await mcp.SendAsync(Ready);
        await mcp.SendAsync($$"""{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"chat","arguments":{"prompt":"count to 3","model":"{{GatewayUnderTest.Chat}}"} } }""");
        Assert.Equal("1, 2, 3", (await mcp.AnswerAsync(2)).Result.GetProperty("content")[0].GetProperty("text").GetString());
        await mcp.CloseAsync();
        Assert.Contains($"MCP through the service at {service.Address}", mcp.Errors, StringComparison.Ordinal);
    }

    private McpProgram Start(SimulatorServer simulator, GatewayUnderTest? service) => McpProgram.Start(folder, new Dictionary<string, string>
    {
        ["BACKEND"] = "LM-Studio",
        ["LMSTUDIO_URL"] = simulator.Address.ToString(),
        ["MODEL_NAME"] = "Qwen/Qwen2-1.5B-Instruct-GGUF",
        ["PORT"] = (service?.Address.Port ?? FreePort.Next()).ToString(),
    });
}
