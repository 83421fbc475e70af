using System.Text;
using LmGateway.Backends;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

public sealed class RequestMendsTests
{
    private const DialectDefects LmStudio = DialectDefects.RefusesJsonObject | DialectDefects.RefusesToolChoiceObject
        | DialectDefects.IgnoresBase64Embeddings | DialectDefects.RefusesWebP | DialectDefects.RefusesRemoteImages;

    private const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    [Fact]
    public void A_request_that_fits_is_passed_on_as_it_is()
    {
        var peek = Wire.Peek($$"""{"model":"m", {{Messages}},"unknown":{"x":null},"user":null}""");
        var mended = Wire.Mend(peek, new RequestMendOptions { Defects = LmStudio }, "m");
        Assert.Equal(peek.Body, mended.Body);
    }

    [Theory]
    [InlineData("""{"model":"alias","messages":[{}]}""", """{"model":"q/k","messages":[{}]}""")]
    [InlineData("""{"model":null,"messages":[{}]}""", """{"model":"q/k","messages":[{}]}""")]
    [InlineData("""{"model":"","messages":[{}]}""", """{"model":"q/k","messages":[{}]}""")]
    [InlineData("""{ "messages":[{}]}""", """{"model":"q/k", "messages":[{}]}""")]
    [InlineData("""{"model":"a","messages":[{}],"model":"b"}""", """{"messages":[{}],"model":"q/k"}""")]
    [InlineData("""{"messages":[{}],"model":"a" ,"model":"q/k"}""", """{"messages":[{}],"model":"q/k"}""")]
    public void The_model_is_named_as_the_backend_knows_it(string body, string expected) =>
        Assert.Equal(expected, Mended(body, new RequestMendOptions(), model: "q/k"));

    [Fact]
    public void A_model_name_is_escaped() =>
        Assert.Equal("""{"model":"a\"b\\é","messages":[{}]}""", Mended("""{"model":"x","messages":[{}]}""", new RequestMendOptions(), model: "a\"b\\é"));

    [Fact]
    public void The_model_can_be_put_into_an_empty_object() =>
        Assert.Equal("""{"model":"m"}""", Mended("{}", new RequestMendOptions(), Dialect.OpenAiOther, "m"));

    [Fact]
    public void Defaults_go_where_nothing_is()
    {
        RequestDefault[] defaults = [new(RequestField.MaxTokens, "100"), new(RequestField.Temperature, "0.7"), new(RequestField.Stop, "[\"END\"]")];
        var options = new RequestMendOptions { Defaults = defaults };
        Assert.Equal("""{"max_tokens":100,"temperature":0.7,"stop":["END"],"messages":[{}]}""", Mended("""{"messages":[{}]}""", options));
        Assert.Equal("""{"max_tokens":100,"stop":["END"],"messages":[{}],"temperature":0}""", Mended("""{"messages":[{}],"temperature":0}""", options));
        Assert.Equal("""{"max_tokens":100,"stop":["END"],"messages":[{}],"temperature":0.7}""", Mended("""{"messages":[{}],"temperature":null}""", options));
        Assert.Equal("""{"max_tokens":100,"stop":["END"],"messages":[{}],"temperature":0.7}""", Mended("""{"temperature":1,"messages":[{}],"temperature":null}""", options));
        Assert.Equal("""{"temperature":0.7,"stop":["END"],"messages":[{}],"max_completion_tokens":5}""", Mended("""{"messages":[{}],"max_completion_tokens":5}""", options));
    }

    [Fact]
    public void A_default_can_turn_streaming_on()
    {
        var mended = Wire.Mend(Wire.Peek("""{"messages":[{}]}"""), new RequestMendOptions { Defaults = [new(RequestField.Stream, "true")] });
        Assert.True(mended.Streamed);
        Assert.False(mended.UsageAsked);
        Assert.Equal("""{"stream":true,"stream_options":{"include_usage":true},"messages":[{}]}""", Wire.Text(mended.Body));
    }

    [Theory]
    [InlineData("""{"messages":[{}],"stream":true}""", """{"stream_options":{"include_usage":true},"messages":[{}],"stream":true}""", false)]
    [InlineData("""{"messages":[{}],"stream":true,"stream_options":null}""", """{"messages":[{}],"stream":true,"stream_options":{"include_usage":true}}""", false)]
    [InlineData("""{"messages":[{}],"stream":true,"stream_options":{}}""", """{"messages":[{}],"stream":true,"stream_options":{"include_usage":true}}""", false)]
    [InlineData("""{"messages":[{}],"stream":true,"stream_options":{"include_usage":false}}""", """{"messages":[{}],"stream":true,"stream_options":{"include_usage":true}}""", false)]
    [InlineData("""{"messages":[{}],"stream":true,"stream_options":{"x":1}}""", """{"messages":[{}],"stream":true,"stream_options":{"include_usage":true,"x":1}}""", false)]
    [InlineData("""{"messages":[{}],"stream":true,"stream_options":{"include_usage":true}}""", """{"messages":[{}],"stream":true,"stream_options":{"include_usage":true}}""", true)]
    [InlineData("""{"messages":[{}],"stream":false}""", """{"messages":[{}],"stream":false}""", false)]
    public void Usage_is_always_asked_for_upstream_and_the_caller_s_wish_remembered(string body, string expected, bool asked)
    {
        var mended = Wire.Mend(Wire.Peek(body), new RequestMendOptions());
        Assert.Equal(expected, Wire.Text(mended.Body));
        Assert.Equal(asked, mended.UsageAsked);
    }

    [Fact]
    public void Json_object_becomes_a_schema_that_any_object_fits()
    {
        var body = $$$"""{{{{Messages}}},"response_format":{"type":"json_object"}}""";
        Assert.Equal("{" + Messages + ""","response_format":{"type":"json_schema","json_schema":{"name":"json_object","strict":false,"schema":{"type":"object"}}}}""",
            Mended(body, new RequestMendOptions { Defects = LmStudio }));
        Assert.Equal(body, Mended(body, new RequestMendOptions()));
    }

    [Fact]
    public void A_schema_beside_json_object_is_kept() =>
        Assert.Contains("\"schema\":{\"type\":\"object\",\"required\":[\"a\"]}}}",
            Mended($$$"""{{{{Messages}}},"response_format":{"schema":{"type":"object","required":["a"]},"type":"json_object"}}""", new RequestMendOptions { Defects = LmStudio }), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"type":"text"}""")]
    [InlineData("""{"type":"json_schema","json_schema":{"name":"n","schema":{}}}""")]
    public void Other_response_formats_stay(string format)
    {
        var body = $$"""{{{Messages}},"response_format":{{format}}}""";
        Assert.Equal(body, Mended(body, new RequestMendOptions { Defects = LmStudio }));
    }

    [Fact]
    public void A_response_format_without_type_is_refused() =>
        Assert.Equal("response_format", Wire.Refused(() => Mended($$$"""{{{{Messages}}},"response_format":{}}""", new RequestMendOptions())).Parameter);

    private const string Tools = """[ {"type":"function","function":{"name":"a"}} , {"type":"function","function":{"parameters":{"name":"x"},"name":"b"}} ]""";

    [Theory]
    [InlineData("a", """[{"type":"function","function":{"name":"a"}}]""")]
    [InlineData("b", """[{"type":"function","function":{"parameters":{"name":"x"},"name":"b"}}]""")]
    public void A_choice_of_one_tool_becomes_required_over_that_one(string name, string expected)
    {
        var body = $$$"""{{{{Messages}}},"tool_choice":{"type":"function","function":{"name":"{{{name}}}"}},"tools":{{{Tools}}}}""";
        Assert.Equal($$"""{{{Messages}},"tool_choice":"required","tools":{{expected}}}""", Mended(body, new RequestMendOptions { Defects = LmStudio }));
        Assert.Equal(body, Mended(body, new RequestMendOptions()));
    }

    [Theory]
    [InlineData("""{"type":"tool","name":"b"}""", """{"type":"any"}""")]
    [InlineData("""{"name":"b","disable_parallel_tool_use":true,"type":"tool"}""", """{"type":"any","disable_parallel_tool_use":true}""")]
    [InlineData("""{"type":"tool","name":"b","disable_parallel_tool_use":false}""", """{"type":"any"}""")]
    public void A_choice_of_one_tool_in_messages_becomes_any_over_that_one(string choice, string expected)
    {
        var body = $$$"""{{{{Messages}}},"tool_choice":{{{choice}}},"tools":[{"name":"a","input_schema":{}},{"input_schema":{"name":"a"},"name":"b"}]}""";
        Assert.Equal($$"""{{{Messages}},"tool_choice":{{expected}},"tools":[{"input_schema":{"name":"a"},"name":"b"}]}""", Mended(body, new RequestMendOptions { Defects = LmStudio }, Dialect.AnthropicMessages));
        Assert.Equal(body, Mended(body, new RequestMendOptions(), Dialect.AnthropicMessages));
    }

    [Theory]
    [InlineData("""{"type":"any"}""")]
    [InlineData("""{"type":"auto","disable_parallel_tool_use":true}""")]
    [InlineData("null")]
    public void Other_choices_in_messages_stay(string choice)
    {
        var body = $$"""{{{Messages}},"tool_choice":{{choice}},"tools":[{"name":"a"}]}""";
        Assert.Equal(body, Mended(body, new RequestMendOptions { Defects = LmStudio }, Dialect.AnthropicMessages));
    }

    [Theory]
    [InlineData("""{"type":"tool","name":"c"}""")]
    [InlineData("""{"type":"tool"}""")]
    public void A_choice_in_messages_of_a_tool_that_there_is_not_is_refused(string choice)
    {
        var body = $$"""{{{Messages}},"tool_choice":{{choice}},"tools":[{"name":"a"}]}""";
        Assert.Equal("tool_choice", Wire.Refused(() => Mended(body, new RequestMendOptions { Defects = LmStudio }, Dialect.AnthropicMessages)).Parameter);
    }

    [Theory]
    [InlineData("""{"type":"any"}""", "\"required\"")]
    [InlineData("""{"type":"auto"}""", "\"auto\"")]
    public void A_choice_in_an_object_that_names_no_tool_becomes_its_word(string choice, string expected) =>
        Assert.EndsWith($",\"tool_choice\":{expected}}}", Mended($$"""{{{Messages}},"tools":{{Tools}},"tool_choice":{{choice}}}""", new RequestMendOptions { Defects = LmStudio }), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"type":"function","function":{"name":"c"}}""", Tools)]
    [InlineData("""{"type":"function","function":{"name":"a"}}""", "null")]
    [InlineData("""{"type":"custom"}""", Tools)]
    public void A_choice_of_a_tool_that_is_not_there_is_refused(string choice, string tools) =>
        Assert.Equal("tool_choice", Wire.Refused(() => Mended($$"""{{{Messages}},"tools":{{tools}},"tool_choice":{{choice}}}""", new RequestMendOptions { Defects = LmStudio })).Parameter);

    [Theory]
    [InlineData("""{"tools":[],"messages":[{}]}""", """{"messages":[{}]}""")]
    [InlineData("""{"messages":[{}],"tools":[ ]}""", """{"messages":[{}]}""")]
    [InlineData("""{"messages":[{}] , "tools":[],"tool_choice":"auto" }""", """{"messages":[{}] }""")]
    [InlineData("""{"tool_choice":"auto","messages":[{}],"tools":[]}""", """{"messages":[{}]}""")]
    [InlineData("""{"tool_choice":"auto","tools":[],"x":1,"messages":[{}]}""", """{"x":1,"messages":[{}]}""")]
    public void An_empty_list_of_tools_is_none(string body, string expected) => Assert.Equal(expected, Mended(body, new RequestMendOptions()));

    [Theory]
    [InlineData("""{"microstat_mode":2,"messages":[{}]}""", """{"mirostat_mode":2,"messages":[{}]}""")]
    [InlineData("""{"microstat_mode" : 2,"messages":[{}],"mirostat_mode":1}""", """{"messages":[{}],"mirostat_mode":1}""")]
    [InlineData("""{"messages":[{}],"extensions":{"microstat_mode":2,"cache_prompt":true,"top_k":5,"model":"x"}}""", """{"mirostat_mode":2,"cache_prompt":true,"top_k":5,"messages":[{}]}""")]
    [InlineData("""{"messages":[{}],"top_k":1,"extensions":{"top_k":5}}""", """{"messages":[{}],"top_k":1}""")]
    public void Extensions_are_taken_in_both_places_and_both_spellings(string body, string expected) => Assert.Equal(expected, Mended(body, new RequestMendOptions()));

    [Theory]
    [InlineData("""{"messages":[{}],"max_tokens":5,"max_completion_tokens":7}""", """{"messages":[{}],"max_tokens":7,"max_completion_tokens":7}""")]
    [InlineData("""{"messages":[{}],"max_completion_tokens":7}""", """{"messages":[{}],"max_completion_tokens":7}""")]
    [InlineData("""{"messages":[{}],"max_tokens":-1}""", """{"messages":[{}],"max_tokens":-1}""")]
    public void Of_two_limits_the_newer_name_counts(string body, string expected) => Assert.Equal(expected, Mended(body, new RequestMendOptions()));

    [Fact]
    public void Base64_embeddings_are_asked_for_as_numbers()
    {
        var peek = Wire.Peek("""{"input":"a","encoding_format":"base64"}""", Dialect.OpenAiEmbeddings);
        var mended = Wire.Mend(peek, new RequestMendOptions { Defects = LmStudio });
        Assert.True(mended.Base64Embeddings);
        Assert.Equal("""{"input":"a","encoding_format":"float"}""", Wire.Text(mended.Body));
        var taken = Wire.Mend(peek, new RequestMendOptions());
        Assert.True(taken.Base64Embeddings);
        Assert.Equal(peek.Body, taken.Body);
    }

    [Theory]
    [InlineData("""{"input":"a"}""")]
    [InlineData("""{"input":"a","encoding_format":null}""")]
    [InlineData("""{"input":["a",""],"encoding_format":"float"}""")]
    public void Numbers_are_the_default_of_embeddings(string body)
    {
        var mended = Wire.Mend(Wire.Peek(body, Dialect.OpenAiEmbeddings), new RequestMendOptions { Defects = LmStudio });
        Assert.False(mended.Base64Embeddings);
        Assert.Equal(body, Wire.Text(mended.Body));
    }

    [Fact]
    public void An_unknown_encoding_is_refused() =>
        Assert.Equal("encoding_format", Wire.Refused(() => Wire.Peek("""{"input":"a","encoding_format":"hex"}""", Dialect.OpenAiEmbeddings)).Parameter);

    [Fact]
    public void An_empty_text_object_is_left_out_of_responses() =>
        Assert.Equal("""{"input":"a"}""", Mended("""{"input":"a","text":{}}""", new RequestMendOptions(), Dialect.OpenAiResponses));

    [Fact]
    public void The_result_is_the_same_however_the_body_is_cut()
    {
        var body = Encoding.UTF8.GetBytes($$$"""{"stream":true,"tools":[{"function":{"name":"é"}},{"function":{"name":"b"}}],"tool_choice":{"function":{"name":"\u00e9"}},{{{Messages}}},"response_format":{"type":"json_object"},"model":"😀","microstat_mode":1}""");
        var options = new RequestMendOptions { Defects = LmStudio, Defaults = [new(RequestField.TopK, "4")] };
        var whole = Wire.Text(Wire.Mend(RequestPeek.Read(new(body), Dialect.OpenAiChat), options, "m").Body);
        for (var length = 1; length < body.Length; length++)
            Assert.Equal(whole, Wire.Text(Wire.Mend(RequestPeek.Read(Wire.InPieces(body, length), Dialect.OpenAiChat), options, "m").Body));
    }

    private static string Mended(string body, RequestMendOptions options, Dialect dialect = Dialect.OpenAiChat, string? model = null) =>
        Wire.Text(Wire.Mend(Wire.Peek(body, dialect), options, model).Body);
}
