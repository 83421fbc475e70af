using System.Text.Json;
using System.Text.RegularExpressions;
using LmGateway.Tests.Functional;
using LmGateway.Tests.Functional.Chat;
using LmGateway.Tests.Serving.Images;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>The examples of the REST service's document. No PowerShell runs here: the requests are sent that its commands make.</summary>
public sealed class RestServiceExamplesTests
{
    private const string File = SourceDocument.RestServiceFile;

    private static readonly SourceDocument Document = SourceDocument.RestService;

    private static readonly string Jpeg = Convert.ToBase64String(TestImages.Jpeg());

    [Fact]
    [Example(File, "Non-Streaming #1")]
    [Example(File, "Chat Response")]
    [Trait("req", "S1-18")]
    [Trait("req", "S1-46")]
    [Trait("req", "S1-59")]
    public async Task The_chat_with_the_text_model()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var reply = await Document.RunOneAsync("Non-Streaming #1", gateway);

        Assert.Equal(200, reply.Status);
        Assert.Equal(JsonElement.Parse(Document["Chat Response"]).Names(), reply.Json.Names());
        Assert.Equal((ChatReplies.Regular, "You said: What is 2+2?", "stop"), (reply.Json.GetProperty("model").GetString(), reply.Json.GetProperty("content").GetString(), reply.Json.GetProperty("stop_reason").GetString()));
        Assert.Equal((0.7, 100), (gateway.SentChat().GetProperty("temperature").GetDouble(), gateway.SentChat().GetProperty("max_tokens").GetInt32()));
    }

    [Fact]
    [Example(File, "Streaming #1")]
    [Example(File, "Streaming Response (NDJSON)")]
    [Trait("req", "S1-19")]
    [Trait("req", "S1-49")]
    [Trait("req", "S1-50")]
    [Trait("req", "S1-51")]
    [Trait("req", "S1-54")]
    [Trait("req", "S1-59")]
    public async Task The_stream_of_the_text_model()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var reply = await Document.RunOneAsync("Streaming #1", gateway);

        Assert.Equal((200, "application/x-ndjson"), (reply.Status, reply.ContentType));
        var lines = ChatReplies.Lines(reply.Text);
        var printed = ChatReplies.Lines(Document["Streaming Response (NDJSON)"] + "\n");
        Assert.Equal("You said: Explain quantum physics in one sentence", lines.Text());
        Assert.All(lines[..^1], line => Assert.Equal(printed[0].Names(), line.Names()));
        Assert.Equal(printed[^1].Names(), lines[^1].Names());
        Assert.Equal("done", lines[^1].GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("Non-Streaming #3")]
    [InlineData("Streaming #2")]
    [Example(File, "Non-Streaming #3")]
    [Example(File, "Streaming #2")]
    [Trait("req", "S1-20")]
    [Trait("req", "S1-21")]
    [Trait("req", "S1-32")]
    [Trait("req", "S1-59")]
    public async Task The_vision_chats_with_an_image_in_the_place_of_the_placeholder_and_without(string name)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var asPrinted = await Document.RunOneAsync(name, gateway);
        var reply = await Reply.ToAsync(CurlCommand.All(Document[name].Replace("<BASE64_ENCODED_IMAGE>", Jpeg)).Single(), gateway);

        Assert.Equal("""["body","messages",0,"images",0,"data_base64"]""", (asPrinted.Status, asPrinted.Json).Fault().GetProperty("loc").GetRawText());
        Assert.Equal(200, reply.Status);
        Assert.Contains(ChatReplies.Vision, reply.Text);
    }

    [Fact]
    [Example(File, "Custom Model Chat")]
    [Trait("req", "S1-16")]
    [Trait("req", "S1-30")]
    [Trait("req", "S1-59")]
    public async Task The_chat_with_a_model_of_ones_own()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { ExtraModels = ["my-custom-model"] });

        var reply = await Document.RunOneAsync("Custom Model Chat", gateway);

        Assert.Equal((200, "my-custom-model"), (reply.Status, reply.Json.GetProperty("model").GetString()));
    }

    [Fact]
    [Example(File, "Chat Request")]
    [Trait("req", "S1-31")]
    public async Task The_form_of_a_request_with_every_field_filled_in()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var body = Document["Chat Request"].Replace("optional-model-name", GatewayUnderTest.Vision).Replace("system|user|assistant", "user").Replace("base64_string", Jpeg);

        var (status, _) = await gateway.PostJsonAsync("/chat", body);

        Assert.Equal(200, status);
        Assert.Equal((0.9, 0.0, 0.0), (Sent("top_p"), Sent("presence_penalty"), Sent("frequency_penalty")));
        double Sent(string name) => gateway.SentChat().GetProperty(name).GetDouble();
    }

    [Fact]
    [Example(File, "LM Studio Not Running")]
    [Trait("req", "S1-55")]
    public async Task The_reply_without_LM_Studio()
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{FreePort.Next()}");
        var reply = await Document.RunOneAsync("Non-Streaming #1", gateway);
        Assert.Equal(503, reply.Status);
        DocumentedReply.AssertSame(Document["LM Studio Not Running"], reply.Json);
    }

    [Fact]
    [Example(File, "Model Not Found")]
    [Trait("req", "S1-24")]
    public async Task The_reply_to_a_load_of_a_model_that_is_not_there()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { Stocked = false });
        var (status, body) = await SendAsync(gateway, PowerShellCommands("Load a Model").Single());
        Assert.Equal(200, status);
        DocumentedReply.AssertSame(Document["Model Not Found"], body);
    }

    [Fact]
    [Example(File, "No Model Loaded")]
    [Trait("req", "S1-56")]
    public async Task The_reply_with_no_model_loaded()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Scheduling = new() { OnDemand = false } });
        var reply = await Document.RunOneAsync("Non-Streaming #1", gateway);
        Assert.Equal(503, reply.Status);
        DocumentedReply.AssertSame(Document["No Model Loaded"], reply.Json);
    }

    [Fact]
    [Example(File, "Load a Model")]
    [Example(File, "List Loaded Models")]
    [Example(File, "Unload Models")]
    [Trait("req", "S1-13")]
    [Trait("req", "S1-14")]
    [Trait("req", "S1-15")]
    [Trait("req", "S1-22")]
    [Trait("req", "S1-26")]
    [Trait("req", "S1-27")]
    [Trait("req", "S1-59")]
    public async Task Loading_listing_and_unloading_as_Invoke_RestMethod_does()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Models = new() { List = LmGateway.Configuration.ModelListing.Loaded } });

        Assert.True((await SendAsync(gateway, PowerShellCommands("Load a Model").Single())).Body.GetProperty("loaded").GetBoolean());
        Assert.Equal("""[{"key":"qwen/qwen3-4b-2507","display_name":"Qwen3 4B 2507"}]""", (await SendAsync(gateway, PowerShellCommands("List Loaded Models").Single())).Body.GetRawText());
        var unloads = PowerShellCommands("Unload Models");
        Assert.Equal("""{"success":true,"unloaded_keys":["qwen/qwen3-4b-2507"],"error":null}""", (await SendAsync(gateway, unloads[0])).Body.GetRawText());
        Assert.Equal("""{"success":true,"unloaded_keys":[],"error":null}""", (await SendAsync(gateway, unloads[1])).Body.GetRawText());
    }

    /// <summary>The bodies are what ConvertTo-Json makes of the printed tables: any order of keys, two blanks after a colon, CRLF.</summary>
    [Theory]
    [InlineData("Non-Streaming #2", """
        {
            "config":  {
                           "maxTokens":  100,
                           "temperature":  0.7
                       },
            "messages":  [
                             {
                                 "role":  "system",
                                 "content":  "You are helpful."
                             },
                             {
                                 "role":  "user",
                                 "content":  "What is 2+2?"
                             }
                         ]
        }
        """)]
    [InlineData("Non-Streaming #4", """
        {
            "messages":  [
                             {
                                 "images":  [
                                                {
                                                    "mime_type":  "image/jpeg",
                                                    "data_base64":  "$base64"
                                                }
                                            ],
                                 "content":  "Describe this image",
                                 "role":  "user"
                             }
                         ],
            "config":  {
                           "maxTokens":  256,
                           "temperature":  0.7
                       }
        }
        """)]
    [Example(File, "Non-Streaming #2")]
    [Example(File, "Non-Streaming #4")]
    [Trait("req", "S1-59")]
    public async Task The_chats_as_Invoke_RestMethod_sends_them(string name, string body)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var (status, reply) = await SendAsync(gateway, PowerShellCommands(name).Single() with { Body = body.ReplaceLineEndings("\r\n").Replace("$base64", Jpeg) });

        Assert.Equal(200, status);
        Assert.Equal(["model", "content", "stop_reason", "predicted_tokens"], reply.Names());
        Assert.All(Regex.Matches(Document[name], @"content\s*=\s*""(?<text>[^""]+)""", RegexOptions.None, TimeSpan.FromSeconds(10)).Select(match => match.Groups["text"].Value), text => Assert.Contains(text, body));
    }

    /// <summary>The commands of a block: a backtick continues a line, a body stands in single quotes.</summary>
    private static List<PowerShellCommand> PowerShellCommands(string name) =>
    [
        .. Regex.Matches(Document[name].Replace("`\n", ""), """^Invoke-RestMethod -Uri "(?<uri>[^"]+)"\s+-Method (?<method>\w+)(\s+-ContentType '(?<type>[^']+)')?(\s+-Body (?<body>\$body|'[^']*'))?$""", RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10))
            .Select(match => new PowerShellCommand(match.Groups["method"].Value, new Uri(match.Groups["uri"].Value), match.Groups["type"].Value, match.Groups["body"].Value.Trim('\''))),
    ];

    private static async Task<(int Status, JsonElement Body)> SendAsync(GatewayUnderTest gateway, PowerShellCommand command)
    {
        using var request = new HttpRequestMessage(new HttpMethod(command.Method.ToUpperInvariant()), command.Address.PathAndQuery);
        request.Headers.UserAgent.ParseAdd("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1");
        if (command.Body.Length > 0)
        {
            Assert.Equal("application/json", command.Type);
            request.Content = new ByteArrayContent(System.Text.Encoding.Latin1.GetBytes(command.Body));
            request.Content.Headers.ContentType = new(command.Type);
        }

        using var response = await gateway.Http.SendAsync(request);
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    private sealed record PowerShellCommand(string Method, Uri Address, string Type, string Body);
}
