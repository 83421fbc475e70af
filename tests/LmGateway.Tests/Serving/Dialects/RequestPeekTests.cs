using System.Text;
using LmGateway.Backends;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

public sealed class RequestPeekTests
{
    private const string Hello = """{"model":"qwen/qwen3-8b","messages":[{"role":"user","content":"Hi 😀"}],"stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"seed":null}""";

    [Fact]
    public void It_finds_what_the_gateway_needs()
    {
        var peek = Wire.Peek(Hello);
        Assert.Equal("qwen/qwen3-8b", peek.Model);
        Assert.True(peek.Streamed);
        Assert.True(peek.UsageAsked);
        Assert.Equal(0.5, peek.Number(RequestField.Temperature));
        Assert.True(peek.Has(RequestField.Temperature));
        Assert.False(peek.Has(RequestField.TopP));
        Assert.Equal(6, peek.MemberCount);
    }

    [Fact]
    public void An_explicit_null_counts_as_absent()
    {
        var peek = Wire.Peek("""{"model":null,"messages":[{}],"stream":null,"stream_options":null,"tools":null,"tool_choice":null,"response_format":null,"seed":null}""");
        Assert.Null(peek.Model);
        Assert.False(peek.Streamed);
        Assert.False(peek.Has(RequestField.Seed));
        Assert.NotNull(peek.Find(RequestField.Seed));
    }

    [Fact]
    public void The_same_is_found_wherever_the_body_is_cut()
    {
        var bytes = Encoding.UTF8.GetBytes(Hello);
        var whole = Wire.Peek(Hello);
        for (var length = 1; length <= bytes.Length; length++)
        {
            var peek = RequestPeek.Read(Wire.InPieces(bytes, length), Dialect.OpenAiChat);
            Assert.Equal(whole.Model, peek.Model);
            Assert.Equal(whole.UsageAsked, peek.UsageAsked);
            Assert.Equal(whole.Members, peek.Members);
        }
    }

    [Fact]
    public void Ranges_are_those_of_the_bytes()
    {
        var peek = Wire.Peek("""{ "messages" : [ {} ] , "model" : "m" }""");
        var model = peek.Find(RequestField.Model)!.Value;
        Assert.Equal("\"m\"", Wire.Text(peek.Value(model)));
        Assert.Equal("[ {} ]", Wire.Text(peek.Value(peek.Find(RequestField.Messages)!.Value)));
        Assert.Equal(1, peek.InsertAt);
        Assert.Equal(-1, model.NextStart);
        Assert.Equal(model.Start, peek.Members[0].NextStart);
    }

    [Fact]
    public void The_last_of_two_equal_names_counts()
    {
        var peek = Wire.Peek("""{"model":"a","stream":true,"messages":[{}],"model":"b","stream":false}""");
        Assert.Equal("b", peek.Model);
        Assert.False(peek.Streamed);
    }

    [Fact]
    public void Escaped_names_and_values_are_read()
    {
        var peek = Wire.Peek("""{"\u006dodel":"caf\u00e9\/x","messages":[{}]}""");
        Assert.Equal("café/x", peek.Model);
    }

    [Fact]
    public void A_byte_order_mark_is_left_out()
    {
        var peek = Wire.Peek("\uFEFF{\"model\":\"m\",\"messages\":[{}]}");
        Assert.Equal("m", peek.Model);
        Assert.StartsWith("{", Wire.Text(peek.Body));
    }

    [Theory]
    [InlineData("", "The request has no body")]
    [InlineData("   ", "not valid JSON")]
    [InlineData("[1]", "must be a JSON object, not an array")]
    [InlineData("\"x\"", "must be a JSON object, not a string")]
    [InlineData("null", "must be a JSON object, not null")]
    [InlineData("""{"model":"m",""", "not valid JSON (line 1, byte 1")]
    [InlineData("""{"model":"m"} x""", "not valid JSON")]
    [InlineData("""{"model":"m"}{}""", "not valid JSON")]
    [InlineData("""{"model":"m",}""", "not valid JSON")]
    [InlineData("""{'model':'m'}""", "not valid JSON")]
    [InlineData("""{"model":"m"/*c*/}""", "not valid JSON")]
    public void A_body_that_is_no_JSON_object_is_refused(string body, string message)
    {
        var error = Wire.Refused(() => Wire.Peek(body));
        Assert.Equal(ErrorCode.InvalidRequest, error.Code);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model":1,"messages":[{}]}""", "model")]
    [InlineData("""{"model":"\ud800","messages":[{}]}""", "model")]
    [InlineData("""{"model":"m","messages":[{}],"stream":"yes"}""", "stream")]
    [InlineData("""{"model":"m","messages":[{}],"stream_options":1}""", "stream_options")]
    [InlineData("""{"model":"m","messages":[{}],"stream_options":{"include_usage":"yes"}}""", "stream_options")]
    [InlineData("""{"model":"m"}""", "messages")]
    [InlineData("""{"model":"m","messages":null}""", "messages")]
    [InlineData("""{"model":"m","messages":"Hi"}""", "messages")]
    [InlineData("""{"model":"m","messages":[]}""", "messages")]
    [InlineData("""{"model":"m","messages":[{}],"tools":{}}""", "tools")]
    [InlineData("""{"model":"m","messages":[{}],"tool_choice":7}""", "tool_choice")]
    [InlineData("""{"model":"m","messages":[{}],"response_format":"json"}""", "response_format")]
    public void A_member_of_the_wrong_kind_is_refused_by_name(string body, string field)
    {
        var error = Wire.Refused(() => Wire.Peek(body));
        Assert.Equal(ErrorCode.InvalidRequest, error.Code);
        Assert.Equal(field, error.Parameter);
        Assert.Contains($"'{field}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model":"m"}""")]
    [InlineData("""{"model":"m","input":""}""")]
    [InlineData("""{"model":"m","input":[]}""")]
    [InlineData("""{"model":"m","input":{}}""")]
    [InlineData("""{"model":"m","input":[{}]}""")]
    public void Embeddings_need_text(string body) =>
        Assert.Equal("input", Wire.Refused(() => Wire.Peek(body, Dialect.OpenAiEmbeddings)).Parameter);

    [Theory]
    [InlineData("""{"model":"m","input":[15339,1917]}""")]
    [InlineData("""{"model":"m","input":[[15339],[1917]]}""")]
    public void Token_ids_are_refused_with_the_setting_that_avoids_them(string body)
    {
        var error = Wire.Refused(() => Wire.Peek(body, Dialect.OpenAiEmbeddings));
        Assert.Equal((ErrorCode.InvalidRequest, "input"), (error.Code, error.Parameter));
        Assert.Contains("check_embedding_ctx_length=False", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_dialects_are_only_asked_for_what_they_share()
    {
        Assert.Equal("m", Wire.Peek("""{"model":"m","input":[1]}""", Dialect.OpenAiOther).Model);
        Assert.Equal("messages", Wire.Refused(() => Wire.Peek("""{"model":"m"}""", Dialect.AnthropicMessages)).Parameter);
        Assert.True(Wire.Peek("""{"model":"m","input":"Hi","stream":true}""", Dialect.LmStudioV1).Streamed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void A_blank_model_is_none(string name) => Assert.Null(Wire.Peek($$"""{"model":"{{name}}","messages":[{}]}""").Model);

    [Fact]
    public void Bytes_that_are_no_UTF8_are_refused_wherever_they_are_cut()
    {
        byte[] bytes = [.. "{\"messages\":[{\"content\":\"€ "u8, 0xE2, 0x82, .. "\"}]}"u8];
        for (var length = 1; length <= bytes.Length; length++)
        {
            var body = Wire.InPieces(bytes, length);
            Assert.Equal("The request body is not valid UTF-8.", Wire.Refused(() => RequestPeek.Read(body, Dialect.OpenAiChat)).Message);
        }
    }

    [Fact]
    public void Depth_is_bounded()
    {
        static string Nested(int depth) => $$"""{"messages":[{}],"x":{{new string('[', depth)}}{{new string(']', depth)}}}""";
        Assert.Equal(2, Wire.Peek(Nested(200)).MemberCount);
        Assert.Equal(ErrorCode.InvalidRequest, Wire.Refused(() => Wire.Peek(Nested(300))).Code);
    }

    [Fact]
    public void Endless_repetition_is_refused()
    {
        var body = "{" + string.Concat(Enumerable.Repeat("\"model\":\"m\",", 300)) + "\"messages\":[{}]}";
        Assert.Contains("repeats", Wire.Refused(() => Wire.Peek(body)).Message, StringComparison.Ordinal);
    }
}
