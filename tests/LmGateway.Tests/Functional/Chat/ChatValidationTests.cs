using System.Text.Json;
using Xunit;

namespace LmGateway.Tests.Functional.Chat;

/// <summary>Bad bodies are answered as FastAPI answers them: 422 with a list that names each field.</summary>
public sealed class ChatValidationTests : IAsyncLifetime
{
    private GatewayUnderTest gateway = null!;

    public async ValueTask InitializeAsync() => gateway = await GatewayUnderTest.StartAsync();

    public ValueTask DisposeAsync() => gateway.DisposeAsync();

    [Theory]
    [InlineData("{}", """{"type":"missing","loc":["body","messages"],"msg":"Field required","input":{}}""")]
    [InlineData("""{"model_key":"a"}""", """{"type":"missing","loc":["body","messages"],"msg":"Field required","input":{"model_key":"a"}}""")]
    [InlineData("""{"messages":null}""", """{"type":"list_type","loc":["body","messages"],"msg":"Input should be a valid list","input":null}""")]
    [InlineData("""{"messages":"hi"}""", """{"type":"list_type","loc":["body","messages"],"msg":"Input should be a valid list","input":"hi"}""")]
    [InlineData("""{"messages":[]}""", """{"type":"too_short","loc":["body","messages"],"msg":"List should have at least 1 item after validation, not 0","input":[],"ctx":{"field_type":"List","min_length":1,"actual_length":0}}""")]
    [InlineData("""{"messages":["hi"]}""", """{"type":"model_attributes_type","loc":["body","messages",0],"msg":"Input should be a valid dictionary or object to extract fields from","input":"hi"}""")]
    [InlineData("""{"messages":[{"role":"user"},{"content":"x"}]}""", """{"type":"missing","loc":["body","messages",1,"role"],"msg":"Field required","input":{"content":"x"}}""")]
    [InlineData("""{"messages":[{"role":"tool","content":"x"}]}""", """{"type":"literal_error","loc":["body","messages",0,"role"],"msg":"Input should be 'system', 'user' or 'assistant'","input":"tool","ctx":{"expected":"'system', 'user' or 'assistant'"}}""")]
    [InlineData("""{"messages":[{"role":7,"content":"x"}]}""", """{"type":"literal_error","loc":["body","messages",0,"role"],"msg":"Input should be 'system', 'user' or 'assistant'","input":7,"ctx":{"expected":"'system', 'user' or 'assistant'"}}""")]
    [InlineData("""{"messages":[{"role":"user","content":5}]}""", """{"type":"string_type","loc":["body","messages",0,"content"],"msg":"Input should be a valid string","input":5}""")]
    [InlineData("""{"messages":[{"role":"user","content":"\ud800"}]}""", """{"type":"string_unicode","loc":["body","messages",0,"content"],"msg":"Input should be a valid string, unable to parse raw data as a unicode string","input":"\ud800"}""")]
    [InlineData("""{"messages":[{"role":"user","images":{}}]}""", """{"type":"list_type","loc":["body","messages",0,"images"],"msg":"Input should be a valid list","input":{}}""")]
    [InlineData("""{"messages":[{"role":"user","images":[{}]}]}""", """{"type":"missing","loc":["body","messages",0,"images",0,"data_base64"],"msg":"Field required","input":{}}""")]
    [InlineData("""{"messages":[{"role":"user","images":[{"data_base64":1}]}]}""", """{"type":"string_type","loc":["body","messages",0,"images",0,"data_base64"],"msg":"Input should be a valid string","input":1}""")]
    [InlineData("""{"messages":[{"role":"user"}],"model_key":5}""", """{"type":"string_type","loc":["body","model_key"],"msg":"Input should be a valid string","input":5}""")]
    [InlineData("""{"messages":[{"role":"user"}],"config":[]}""", """{"type":"model_attributes_type","loc":["body","config"],"msg":"Input should be a valid dictionary or object to extract fields from","input":[]}""")]
    [InlineData("""{"messages":[{"role":"user"}],"include_reasoning":"perhaps"}""", """{"type":"bool_parsing","loc":["body","include_reasoning"],"msg":"Input should be a valid boolean, unable to interpret input","input":"perhaps"}""")]
    [InlineData("""{"messages":[{"role":"user"}],"include_reasoning":[]}""", """{"type":"bool_type","loc":["body","include_reasoning"],"msg":"Input should be a valid boolean","input":[]}""")]
    [InlineData("[]", """{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":[]}""")]
    [InlineData("", """{"type":"missing","loc":["body"],"msg":"Field required","input":null}""")]
    [Trait("req", "S1-31")]
    [Trait("req", "S1-58")]
    public async Task Each_fault_has_the_type_the_place_and_the_words_of_FastAPI(string body, string fault)
    {
        var hasImages = body.Contains("\"images\":[", StringComparison.Ordinal);
        foreach (var path in ChatReplies.Routes.Where(path => !hasImages || !path.Contains("regular", StringComparison.Ordinal)))
            Assert.Equal(fault, (await gateway.PostJsonAsync(path, body)).Fault().GetRawText());
    }

    [Theory]
    [InlineData("temperature", "-0.1", "greater_than_equal", "Input should be greater than or equal to 0", """{"ge":0}""")]
    [InlineData("temperature", "2.1", "less_than_equal", "Input should be less than or equal to 2", """{"le":2}""")]
    [InlineData("temperature", "1e999", "less_than_equal", "Input should be less than or equal to 2", """{"le":2}""")]
    [InlineData("topP", "-0.1", "greater_than_equal", "Input should be greater than or equal to 0", """{"ge":0}""")]
    [InlineData("topP", "1.01", "less_than_equal", "Input should be less than or equal to 1", """{"le":1}""")]
    [InlineData("top_p", "2", "less_than_equal", "Input should be less than or equal to 1", """{"le":1}""")]
    [InlineData("presencePenalty", "-2.5", "greater_than_equal", "Input should be greater than or equal to -2", """{"ge":-2}""")]
    [InlineData("presencePenalty", "2.5", "less_than_equal", "Input should be less than or equal to 2", """{"le":2}""")]
    [InlineData("frequencyPenalty", "-3", "greater_than_equal", "Input should be greater than or equal to -2", """{"ge":-2}""")]
    [InlineData("frequencyPenalty", "3", "less_than_equal", "Input should be less than or equal to 2", """{"le":2}""")]
    [InlineData("maxTokens", "0", "greater_than_equal", "Input should be greater than or equal to 1", """{"ge":1}""")]
    [InlineData("maxTokens", "-2", "greater_than_equal", "Input should be greater than or equal to 1", """{"ge":1}""")]
    [InlineData("maxTokens", "1.5", "int_from_float", "Input should be a valid integer, got a number with a fractional part", null)]
    [InlineData("maxTokens", "99999999999", "int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size", null)]
    [InlineData("maxTokens", "\"many\"", "int_parsing", "Input should be a valid integer, unable to parse string as an integer", null)]
    [InlineData("maxTokens", "[]", "int_type", "Input should be a valid integer", null)]
    [InlineData("temperature", "\"hot\"", "float_parsing", "Input should be a valid number, unable to parse string as a number", null)]
    [InlineData("temperature", "{}", "float_type", "Input should be a valid number", null)]
    [Trait("req", "S1-33")]
    [Trait("req", "S1-34")]
    [Trait("req", "S1-35")]
    [Trait("req", "S1-36")]
    [Trait("req", "S1-37")]
    [Trait("req", "S1-41")]
    public async Task A_parameter_out_of_its_range_is_refused_by_name(string name, string value, string type, string message, string? context)
    {
        var fault = (await gateway.PostJsonAsync("/chat/regular", ChatReplies.Says("hi", $$"""  "config":{"{{name}}":{{value}}}"""))).Fault();

        Assert.Equal($"""["body","config","{name}"]""", fault.GetProperty("loc").GetRawText());
        Assert.Equal((type, message, value), (fault.GetProperty("type").GetString(), fault.GetProperty("msg").GetString(), fault.GetProperty("input").GetRawText()));
        Assert.Equal(context, fault.TryGetProperty("ctx", out var ctx) ? ctx.GetRawText() : null);
    }

    [Theory]
    [InlineData("temperature", "0", "2")]
    [InlineData("topP", "0", "1")]
    [InlineData("presencePenalty", "-2", "2")]
    [InlineData("frequencyPenalty", "-2", "2")]
    [InlineData("maxTokens", "1", "2147483647")]
    public async Task The_ends_of_each_range_are_taken(string name, params string[] values)
    {
        foreach (var value in values)
            Assert.Equal(200, (await gateway.PostJsonAsync("/chat/regular", ChatReplies.Says("hi", $$"""  "config":{"{{name}}":{{value}}}"""))).Status);
    }

    [Theory]
    [InlineData("{", 1)]
    [InlineData("not json", 1)]
    [InlineData("{\"messages\":[],}", 15)]
    [InlineData("{\n\"messages\":\n x}", 15)]
    public async Task Text_that_is_no_JSON_is_told_with_its_place(string body, int position)
    {
        var fault = (await gateway.PostJsonAsync("/chat", body)).Fault();

        Assert.Equal(["type", "loc", "msg", "input", "ctx"], fault.Names());
        Assert.Equal(("json_invalid", "JSON decode error", "{}"), (fault.GetProperty("type").GetString(), fault.GetProperty("msg").GetString(), fault.GetProperty("input").GetRawText()));
        Assert.Equal($"""["body",{position}]""", fault.GetProperty("loc").GetRawText());
        Assert.NotEmpty(fault.GetProperty("ctx").GetProperty("error").GetString()!);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_no_JSON()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/chat") { Content = new ByteArrayContent([.. "{\"model_key\":\""u8, 0xC3, 0x28, .. "\"}"u8]) };
        request.Content.Headers.ContentType = new("application/json");
        using var response = await gateway.Http.SendAsync(request);

        Assert.Equal("json_invalid", ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync())).Fault().GetProperty("type").GetString());
    }

    [Fact]
    public async Task All_faults_are_told_at_once_and_long_input_is_not_sent_back()
    {
        var (status, body) = await gateway.PostJsonAsync("/chat", $$"""{"messages":[{"role":"{{new string('x', 2000)}}","content":1}],"config":{"temperature":9,"topP":"x"},"model_key":"{{new string('m', 2000)}}"}""");

        Assert.Equal(422, status);
        var faults = body.GetProperty("detail").EnumerateArray().ToList();
        Assert.Equal(["less_than_equal", "literal_error", "string_type", "float_parsing", "string_too_long"], faults.Select(fault => fault.GetProperty("type").GetString()).OrderBy(type => Array.IndexOf(["less_than_equal", "literal_error", "string_type", "float_parsing", "string_too_long"], type)));
        Assert.Equal(2, faults.Count(fault => !fault.TryGetProperty("input", out _)));
    }

    [Fact]
    public async Task The_context_of_a_fault_is_escaped_as_JSON()
    {
        var fault = (await gateway.PostJsonAsync("/chat", """{"messages":[{"role":"\"}],\u0000","content":""}]}""")).Fault();

        Assert.Equal("\"}],\0", fault.GetProperty("input").GetString());
    }
}
