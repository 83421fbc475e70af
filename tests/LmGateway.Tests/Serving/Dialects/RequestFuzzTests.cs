using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

public sealed class RequestFuzzTests
{
    private static readonly string[] Seeds =
    [
        """{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgoAAAAN"}}]}],"stream":true,"stream_options":{"include_usage":false}}""",
        """{"tools":[],"tool_choice":"auto","messages":[{"role":"tool","content":[{"type":"text","text":"x"}],"tool_call_id":"1"}],"microstat_mode":2,"extensions":{"top_k":1}}""",
        """{"tools":[{"function":{"name":"a"}},{"function":{"name":"b"}}],"tool_choice":{"type":"function","function":{"name":"b"}},"messages":[{"tool_calls":[{"function":{"arguments":""}}]}],"response_format":{"type":"json_object"}}""",
        """{"model":"a","input":["x","y"],"encoding_format":"base64","model":"b"}""",
    ];

    /// <summary>Bytes are flipped, doubled, cut out and swapped; what is still taken must come out as JSON with the model put in.</summary>
    [Fact]
    public void Damaged_requests_are_refused_or_stay_JSON()
    {
        var random = new Random(20260101);
        var options = new RequestMendOptions { Defects = (DialectDefects)31, Defaults = [new(RequestField.TopP, "0.5")] };
        var taken = 0;
        for (var round = 0; round < 40_000; round++)
        {
            var body = Mutations.Of(random, System.Text.Encoding.UTF8.GetBytes(Seeds[random.Next(Seeds.Length)]), random.Next(4));
            var cut = Wire.InPieces(body, random.Next(1, body.Length + 2));
            foreach (var dialect in new[] { Dialect.OpenAiChat, Dialect.OpenAiEmbeddings, Dialect.OpenAiOther })
            {
                try
                {
                    var mended = Wire.Mend(RequestPeek.Read(cut, dialect), options, "put/in");
                    using var document = JsonDocument.Parse(mended.Body, new JsonDocumentOptions { MaxDepth = 256 });
                    Assert.Equal("put/in", document.RootElement.GetProperty("model").GetString());
                    taken++;
                }
                catch (GatewayException refused)
                {
                    Assert.True(refused.Error.Code is ErrorCode.InvalidRequest or ErrorCode.InvalidImage);
                }
            }
        }

        Assert.True(taken > 10_000);
    }
}
