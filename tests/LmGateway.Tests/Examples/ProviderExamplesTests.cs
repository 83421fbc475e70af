using System.Text.Json;
using LmGateway.Tests.Configuration;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>The provider document's requests, against a service with that document's own configuration (S2-18 to S2-48).</summary>
public sealed class ProviderExamplesTests
{
    private const string File = SourceDocument.ProviderFile;
    private const string Basic = "Basic Chat Completion";
    private const string Advanced = "Advanced Parameters";
    private const string Streaming = "Streaming Responses #1";
    private const string Listing = "List Available Models";

    private static readonly SourceDocument Document = SourceDocument.Provider;

    [Fact]
    [Example(File, Basic)]
    public async Task S2_18_the_basic_chat()
    {
        await using var gateway = await StartAsync();

        var reply = await Document.RunOneAsync(Basic, gateway);

        Assert.Equal((200, "application/json; charset=utf-8"), (reply.Status, reply.ContentType));
        Assert.Equal(("chat.completion", "local-model"), (reply.Json.GetProperty("object").GetString(), reply.Json.GetProperty("model").GetString()));
        var choice = Assert.Single(reply.Json.GetProperty("choices").EnumerateArray());
        Assert.Equal("You said: What is machine learning?", choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
    }

    [Fact]
    [Example(File, Advanced)]
    public async Task S2_21_to_S2_30_every_parameter_reaches_LM_Studio_as_it_was_sent()
    {
        await using var gateway = await StartAsync();

        var reply = await Document.RunOneAsync(Advanced, gateway);

        Assert.Equal(200, reply.Status);
        Assert.Equal("TheBloke/Mistral-7B-Instruct-v0.2-GGUF", reply.Json.GetProperty("model").GetString());
        var sent = CurlCommand.All(Document[Advanced]).Single().Body!;
        Assert.Equal(sent, gateway.Simulator.State.Counters.LastRequests.Last(request => request.Path == "/v1/chat/completions").Body);
    }

    [Fact]
    [Example(File, Streaming)]
    [Example(File, "Streaming Responses #2")]
    public async Task S2_34_to_S2_38_the_stream_has_the_printed_form()
    {
        await using var gateway = await StartAsync();
        var printed = Events(Document["Streaming Responses #2"]);

        var reply = await Document.RunOneAsync(Streaming, gateway);

        Assert.Equal((200, "text/event-stream; charset=utf-8"), (reply.Status, reply.ContentType));
        var events = Events(reply.Text);
        Assert.Equal(printed[^1], events[^1]);
        var chunks = events[..^1].Select(text => JsonElement.Parse(text)).ToList();
        var pattern = printed[..^1].Select(text => JsonElement.Parse(text)).ToList();
        AssertHas(pattern[0], chunks[0]);
        AssertHas(pattern[^1], chunks[^1]);
        Assert.All(chunks[1..^1], chunk => AssertHas(pattern[1], chunk));
        Assert.Equal("You said: Tell me a story", string.Concat(chunks.Select(Content)));
        Assert.Single(chunks.Select(chunk => chunk.GetProperty("id").GetString()).Distinct());
        Assert.Single(chunks.Select(chunk => chunk.GetProperty("created").GetInt64()).Distinct());
    }

    [Fact]
    [Example(File, Listing)]
    public async Task S2_19_the_list_holds_what_is_loaded()
    {
        await using var gateway = await StartAsync();
        await Document.RunOneAsync(Basic, gateway);

        await Eventually.TrueAsync(
            async () =>
            {
                var reply = await Document.RunOneAsync(Listing, gateway);
                Assert.Equal((200, "list"), (reply.Status, reply.Json.GetProperty("object").GetString()));
                Assert.All(reply.Json.GetProperty("data").EnumerateArray(), entry => Assert.Equal("model", entry.GetProperty("object").GetString()));
                return reply.Json.GetProperty("data").EnumerateArray().Any(entry => entry.GetProperty("id").GetString() == "local-model" && entry.GetProperty("state").GetString() == "loaded");
            },
            "the model that has answered is listed as loaded");
    }

    [Theory]
    [InlineData("Health Check")]
    [InlineData("Monitoring and Metrics")]
    [Example(File, "Health Check")]
    [Example(File, "Monitoring and Metrics")]
    public async Task S2_20_health_gives_the_provider_and_its_HTTP_configuration(string name)
    {
        await using var gateway = await StartAsync(yaml: "Full Configuration");

        var reply = await Document.RunOneAsync(name, gateway);

        Assert.Equal(200, reply.Status);
        Assert.Equal(("healthy", "lmstudio"), (reply.Json.GetProperty("status").GetString(), reply.Json.GetProperty("provider").GetString()));
        var http = reply.Json.GetProperty("http_config");
        Assert.Equal((60, 10, 30), (http.GetProperty("timeout_secs").GetInt32(), http.GetProperty("connect_timeout_secs").GetInt32(), http.GetProperty("keep_alive_secs").GetInt32()));
    }

    [Fact]
    [Example(File, "Common Issues #2")]
    public async Task The_exact_name_from_LM_Studios_list_is_a_name_here()
    {
        await using var gateway = await StartAsync();
        var listed = (await Document.RunOneAsync("Common Issues #2", gateway)).Json.GetProperty("data").EnumerateArray().Select(entry => entry.GetProperty("id").GetString()!).ToList();
        Assert.Contains("TheBloke/Llama-2-7B-Chat-GGUF", listed);
        foreach (var name in listed.Where(name => !name.Contains("embed")))
        {
            var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(name, "hi"));
            Assert.Equal((200, name), (status, body.GetProperty("model").GetString()));
        }
    }

    [Fact]
    public async Task S2_04_a_model_that_is_not_allowed_is_refused_with_the_allowed_ones()
    {
        await using var gateway = await StartAsync(yaml: "Full Configuration");

        var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("local-model", "hi"));

        Assert.Equal(400, status);
        Assert.Equal(
            """{"error":{"message":"Model 'local-model' is not in the allowed list. Available models: TheBloke/Mistral-7B-Instruct-v0.2-GGUF, TheBloke/Llama-2-7B-Chat-GGUF","type":"invalid_request_error","param":"model","code":"model_not_found"}}""",
            body.GetRawText());
    }

    [Theory]
    [InlineData("Minimal Configuration", "local-model")]
    [InlineData("Full Configuration", "TheBloke/Mistral-7B-Instruct-v0.2-GGUF")]
    public async Task S2_03_a_request_without_a_model_goes_to_the_default_one(string yaml, string expected)
    {
        await using var gateway = await StartAsync(yaml);
        var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"hi"}]}""");
        Assert.Equal((200, expected), (status, body.GetProperty("model").GetString()));
    }

    /// <summary>The document's configuration through the real loader; only LM Studio's address is the simulator's.</summary>
    internal static Task<GatewayUnderTest> StartAsync(string yaml = "Minimal Configuration", double tokensPerSecond = 0)
    {
        var settings = Given.FromYaml(Document[yaml]);
        Assert.Empty(settings.Errors);
        return GatewayUnderTest.StartAsync(
            simulator => simulator with { TokensPerSecond = tokensPerSecond, ExtraModels = ["local-model", "TheBloke/Mistral-7B-Instruct-v0.2-GGUF", "TheBloke/Llama-2-7B-Chat-GGUF"] },
            options => options with { Inference = settings.Options.Inference });
    }

    private static List<string> Events(string stream) =>
        [.. stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(text => text.Trim()).Where(text => text.StartsWith("data: ", StringComparison.Ordinal)).Select(text => text["data: ".Length..])];

    private static string? Content(JsonElement chunk) =>
        chunk.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : "";

    /// <summary>Every printed key is there with a value of the same kind; what is fixed in the document is the same.</summary>
    private static void AssertHas(JsonElement printed, JsonElement actual)
    {
        Assert.Equal(printed.ValueKind, actual.ValueKind);
        if (printed.ValueKind == JsonValueKind.Array)
        {
            Assert.Equal(printed.GetArrayLength(), actual.GetArrayLength());
            for (var at = 0; at < printed.GetArrayLength(); at++) AssertHas(printed[at], actual[at]);
        }

        if (printed.ValueKind != JsonValueKind.Object) return;
        foreach (var member in printed.EnumerateObject())
        {
            Assert.True(actual.TryGetProperty(member.Name, out var value), $"'{member.Name}' is missing in {actual.GetRawText()}");
            if (member.Name is "object" or "model" or "role" or "index" or "finish_reason") Assert.Equal(member.Value.GetRawText(), value.GetRawText());
            else AssertHas(member.Value, value);
        }
    }
}
