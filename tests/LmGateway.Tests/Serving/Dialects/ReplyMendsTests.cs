using System.Text;
using System.Text.Json;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

public sealed class ReplyMendsTests
{
    private static readonly ReplyMendOptions Options = new() { RequestId = "own", Time = new ManualTime(), Model = "asked", Backend = "lmstudio" };

    private const string Head = """{"id":"chatcmpl-1","object":"chat.completion","created":1763683200,"model":"m",""";

    private static string Reply(string message, string finish = "\"stop\"", string tail = "") =>
        Head + "\"choices\":[{\"index\":0,\"message\":" + message + ",\"logprobs\":null,\"finish_reason\":" + finish + "}]" + tail + "}";

    [Fact]
    public void A_complete_reply_keeps_its_bytes()
    {
        const string Body = """
            {"id":"chatcmpl-abc","object":"chat.completion","created":1763683200,"model":"qwen/qwen3-8b", "system_fingerprint":"fp_x","service_tier":null,
             "choices":[{"index":0,"message":{"role":"assistant","content":"Hi \"usage\" 😀","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],
             "usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":0}},"stats":{}}
            """;
        var tally = new ReplyTally(TimeProvider.System);
        ReadOnlyMemory<byte> body = Encoding.UTF8.GetBytes(Body);
        using var mended = ChatReplyMend.Apply(body, Options, tally);
        Assert.True(mended.Body.IsSingleSegment);
        Assert.True(body.Equals(mended.Body.First));
        Assert.Equal((new Usage(9, 2), "stop", "qwen/qwen3-8b"), (tally.Usage, tally.FinishReason, tally.Model));
    }

    [Theory]
    [InlineData("""{"choices":[{"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}""", """{"id":"chatcmpl-own","object":"chat.completion","created":1767225600,"model":"asked","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}""")]
    [InlineData("""{"id":"","created":1.7e9,"model":null,"object":"o","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}""", """{"id":"chatcmpl-own","created":1767225600,"model":"asked","object":"o","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}""")]
    [InlineData("""{"id":"x","created":"1","model":"m","object":"o","choices":[{"index":0,"message":{},"finish_reason":"stop"}]}""", """{"id":"x","created":1767225600,"model":"m","object":"o","choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"stop"}]}""")]
    public void Gaps_are_filled(string body, string expected) => Assert.Equal(expected, Chat(body));

    [Theory]
    [InlineData("null", "stop")]
    [InlineData("\"\"", "stop")]
    [InlineData("\"eosFound\"", "stop")]
    [InlineData("\"stopStringFound\"", "stop")]
    [InlineData("\"maxPredictedTokensReached\"", "length")]
    [InlineData("\"contextLengthReached\"", "length")]
    [InlineData("\"toolCalls\"", "tool_calls")]
    [InlineData("\"tool_use\"", "tool_calls")]
    [InlineData("\"end_turn\"", "stop")]
    [InlineData("\"max_tokens\"", "length")]
    [InlineData("\"load\"", "stop")]
    [InlineData("\"odd\"", "stop")]
    [InlineData("7", "stop")]
    public void Finish_reasons_are_mapped(string finish, string expected) =>
        Assert.Equal(Reply("""{"role":"assistant","content":"a"}""", $"\"{expected}\""), Chat(Reply("""{"role":"assistant","content":"a"}""", finish)));

    [Fact]
    public void A_missing_finish_reason_is_put_in() =>
        Assert.Equal(Head + "\"choices\":[{\"finish_reason\":\"stop\",\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a\"}}]}",
            Chat(Head + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a\"}}]}"));

    [Fact]
    public void A_reason_that_means_failure_is_one() =>
        Assert.Equal(ErrorCode.BackendFault, Wire.Refused(() => Chat(Reply("""{"role":"assistant","content":"a"}""", "\"failed\""))).Code);

    [Theory]
    [InlineData("""{"role":"assistant","content":null}""", """{"role":"assistant","content":""}""")]
    [InlineData("""{"role":"assistant"}""", """{"content":"","role":"assistant"}""")]
    [InlineData("""{"content":"a"}""", """{"role":"assistant","content":"a"}""")]
    [InlineData("""{"role":"","content":"a"}""", """{"role":"assistant","content":"a"}""")]
    [InlineData("""{"role":"assistant","content":null,"refusal":"no"}""", """{"role":"assistant","content":null,"refusal":"no"}""")]
    [InlineData("""{"role":"assistant","content":"a","tool_calls":null}""", """{"role":"assistant","content":"a"}""")]
    [InlineData("""{"role":"assistant","tool_calls":[],"content":"a"}""", """{"role":"assistant","content":"a"}""")]
    [InlineData("""{"tool_calls":[]}""", """{"role":"assistant","content":""}""")]
    [InlineData("""{"role":"assistant","content":"a","reasoning":"b"}""", """{"role":"assistant","content":"a","reasoning_content":"b"}""")]
    [InlineData("""{"role":"assistant","content":"a","reasoning":"b","reasoning_content":"b"}""", """{"role":"assistant","content":"a","reasoning":"b","reasoning_content":"b"}""")]
    public void Messages_are_what_OpenAI_sends(string message, string expected) => Assert.Equal(Reply(expected), Chat(Reply(message)));

    [Theory]
    [InlineData("""{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}""", """{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}""")]
    [InlineData("""{"id":"1","type":"function","function":{"name":"f","arguments":""}}""", """{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}""")]
    [InlineData("""{"id":"1","type":"function","function":{"name":"f","arguments":null}}""", """{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}""")]
    [InlineData("""{"id":"1","type":"function","function":{"name":"f"}}""", """{"id":"1","type":"function","function":{"arguments":"{}","name":"f"}}""")]
    [InlineData("""{"id":"1","type":"Function","function":{"name":"f","arguments":{"a":1}}}""", """{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}""")]
    [InlineData("""{"function":{"name":"f","arguments":"{}"}}""", """{"id":"call_own_0_0","type":"function","function":{"name":"f","arguments":"{}"}}""")]
    [InlineData("""{"id":"","type":null,"function":{"name":"f","arguments":"{}"}}""", """{"id":"call_own_0_0","type":"function","function":{"name":"f","arguments":"{}"}}""")]
    public void Tool_calls_are_what_OpenAI_sends(string call, string expected)
    {
        static string Message(string call) => "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[" + call + "]}";
        Assert.Equal(Reply(Message(expected), "\"tool_calls\""), Chat(Reply(Message(call))));
    }

    [Fact]
    public void Missing_content_beside_calls_is_null() =>
        Assert.Contains("\"message\":{\"content\":null,\"role\"", Chat(Reply("""{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]}""")), StringComparison.Ordinal);

    [Theory]
    [InlineData(",\"usage\":null", "")]
    [InlineData(",\"usage\":{}", "")]
    [InlineData(",\"usage\":7", "")]
    [InlineData(",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}", ",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}")]
    public void Usage_is_whole_or_absent(string usage, string expected) =>
        Assert.Equal(Reply("""{"role":"assistant","content":"a"}""", tail: expected), Chat(Reply("""{"role":"assistant","content":"a"}""", tail: usage)));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("<html><title>Bad gateway</title></html>")]
    [InlineData("{}")]
    [InlineData("""{"choices":null}""")]
    [InlineData("""{"choices":[]}""")]
    [InlineData("""{"choices":{}}""")]
    [InlineData("""{"choices":[null]}""")]
    [InlineData("""{"choices":[{"index":0}]}""")]
    [InlineData("""{"choices":[{"message":null}]}""")]
    [InlineData("""{"choices":[{"message":{"tool_calls":{}}}]}""")]
    public void What_is_no_chat_completion_is_a_fault_of_the_backend(string body)
    {
        var error = Wire.Refused(() => Chat(body));
        Assert.Equal((ErrorCode.BackendFault, "lmstudio"), (error.Code, error.Backend));
    }

    [Theory]
    [InlineData("""{"error":"Unexpected endpoint or method. (POST /v1/x)"}""", ErrorCode.RouteNotFound)]
    [InlineData("""{"error":{"message":"No models loaded. Please load a model in the developer page or use the 'lms load' command.","type":"invalid_request_error","param":"model","code":null}}""", ErrorCode.ModelNotFound)]
    [InlineData("""{"error":{"message":"x","code":"invalid_api_key"}}""", ErrorCode.BackendUnauthorized)]
    [InlineData("\"Channel Error\"", ErrorCode.BackendFault)]
    public void An_error_in_a_success_s_clothes_is_an_error(string body, object code)
    {
        Assert.Equal(code, Wire.Refused(() => Chat(body)).Code);
        Assert.Equal(code, Wire.Refused(() => Embeddings(body, base64: true)).Code);
    }

    [Fact]
    public void A_null_error_beside_choices_is_none()
    {
        var body = Reply("""{"role":"assistant","content":"a"}""", tail: ",\"error\":null");
        Assert.Equal(body, Chat(body));
    }

    [Theory]
    [InlineData("""{"choices":[{"text":null,"finish_reason":"eosFound"}]}""", """{"id":"chatcmpl-own","object":"text_completion","created":1767225600,"model":"asked","choices":[{"index":0,"text":"","finish_reason":"stop"}]}""")]
    [InlineData("""{"id":"cmpl-1","object":"text_completion","created":1,"model":"m","choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":"length"}]}""", """{"id":"cmpl-1","object":"text_completion","created":1,"model":"m","choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":"length"}]}""")]
    public void Completions_are_mended_too(string body, string expected)
    {
        using var mended = CompletionReplyMend.Apply(Encoding.UTF8.GetBytes(body), Options, new ReplyTally(TimeProvider.System));
        Assert.Equal(expected, Wire.Text(mended.Body));
    }

    private static readonly float[] Vector = [0.1f, -2.5e-7f, 0, 3.4028235e38f, 1, -0.015625f];

    [Fact]
    public void Numbers_become_base64_for_those_who_asked()
    {
        var numbers = JsonSerializer.Serialize(Vector);
        var body = $$$"""{"object":"list","data":[{"object":"embedding","embedding":{{{numbers}}},"index":0},{"object":"embedding","embedding":[ ],"index":1}],"model":"m","usage":{"prompt_tokens":5,"total_tokens":5}}""";
        var text = Embeddings(body, base64: true);
        using var document = JsonDocument.Parse(text);
        var decoded = document.RootElement.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();
        Assert.Equal(Vector, decoded.Chunk(4).Select(bytes => BitConverter.ToSingle(bytes)));
        Assert.Equal(body.Replace(numbers, $"\"{Convert.ToBase64String(decoded)}\"", StringComparison.Ordinal).Replace("[ ]", "\"\"", StringComparison.Ordinal), text);
        Assert.Equal(body, Embeddings(body, base64: false));
    }

    [Fact]
    public void Base64_that_is_there_already_stays()
    {
        const string Body = """{"object":"list","data":[{"object":"embedding","embedding":"AAAA","index":0}],"model":"m"}""";
        Assert.Equal(Body, Embeddings(Body, base64: true));
    }

    [Fact]
    public void Gaps_of_embeddings_are_filled() =>
        Assert.Equal("""{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1]},{"object":"embedding","index":1,"embedding":[2]}],"model":"asked"}""",
            Embeddings("""{"data":[{"embedding":[1]},{"embedding":[2]}],"model":null}""", base64: false));

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"data":null}""")]
    [InlineData("""{"data":[null]}""")]
    [InlineData("""{"data":[{"index":0}]}""")]
    [InlineData("""{"data":[{"embedding":{}}]}""")]
    [InlineData("""{"data":[{"embedding":[1,null]}]}""")]
    [InlineData("""{"data":[{"embedding":[1""")]
    public void What_is_no_list_of_embeddings_is_a_fault_of_the_backend(string body) =>
        Assert.Equal(ErrorCode.BackendFault, Wire.Refused(() => Embeddings(body, base64: true)).Code);

    [Fact]
    public void Damaged_replies_are_refused_or_stay_JSON()
    {
        var random = new Random(20260104);
        string[] seeds =
        [
            Reply("""{"role":"","reasoning":"r","content":null,"tool_calls":[{"id":"","function":{"name":"f","arguments":{"a":[1]}}}]}""", "\"eosFound\"", ",\"usage\":{\"prompt_tokens\":1}"),
            """{"data":[{"embedding":[1,2.5,-3e4]},{"embedding":[1],"index":1,"object":"x"}],"model":null,"usage":{}}""",
        ];
        var taken = 0;
        for (var round = 0; round < 30_000; round++)
        {
            var body = Mutations.Of(random, Encoding.UTF8.GetBytes(seeds[round % 2]), random.Next(4));
            try
            {
                var pool = new CountingPool();
                using (var mended = round % 2 == 0
                    ? ChatReplyMend.Apply(body, Options, new ReplyTally(TimeProvider.System))
                    : EmbeddingsReplyMend.Apply(body, Options with { Base64Embeddings = true, Pool = pool }, new ReplyTally(TimeProvider.System)))
                    JsonDocument.Parse(mended.Body, new JsonDocumentOptions { MaxDepth = 256 }).Dispose();
                Assert.Equal(0, pool.Rented);
                taken++;
            }
            catch (GatewayException)
            {
                // Refused in bounded time is all that is asked.
            }
            catch (JsonException) when (!System.Text.Unicode.Utf8.IsValid(body))
            {
                // Broken characters inside strings go through as they are.
            }
        }

        Assert.True(taken > 5_000);
    }

    private static string Chat(string body)
    {
        using var mended = ChatReplyMend.Apply(Encoding.UTF8.GetBytes(body), Options, new ReplyTally(TimeProvider.System));
        return Wire.Text(mended.Body);
    }

    private static string Embeddings(string body, bool base64)
    {
        var pool = new CountingPool();
        try
        {
            using var mended = EmbeddingsReplyMend.Apply(Encoding.UTF8.GetBytes(body), Options with { Base64Embeddings = base64, Pool = pool }, new ReplyTally(TimeProvider.System));
            return Wire.Text(mended.Body);
        }
        finally
        {
            Assert.Equal(0, pool.Rented);
        }
    }
}
