using System.Text.Json;
using LmGateway.Api.Nats;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Api.Nats;

/// <summary>Every error code in the envelope of NATS.</summary>
public sealed class NatsErrorsTests
{
    public static TheoryData<string> Codes() => [.. Enum.GetNames<ErrorCode>()];

    [Theory]
    [MemberData(nameof(Codes))]
    public void An_error_has_its_text_its_code_and_the_node(string name)
    {
        var code = Enum.Parse<ErrorCode>(name);
        var error = new GatewayError(code, "In words.") { Parameter = "a.field", RetryAfter = TimeSpan.FromSeconds(1.5), Details = ["one", "two"] };
        var reply = JsonElement.Parse(NatsAnswer.Failed(error).ToBytes("desk"));
        Assert.Equal(["ok", "error", "data"], Names(reply));
        Assert.False(reply.GetProperty("ok").GetBoolean());
        Assert.Equal(code == ErrorCode.InvalidRequest ? "In words.: one; two" : "In words.", reply.GetProperty("error").GetString());
        var data = reply.GetProperty("data");
        Assert.Equal(["code", "parameter", "retry_after_ms", "details", "node"], Names(data));
        Assert.Equal(JsonNamingPolicy.SnakeCaseLower.ConvertName(name), data.GetProperty("code").GetString());
        Assert.Equal(1500, data.GetProperty("retry_after_ms").GetInt32());
    }

    [Fact]
    public void The_documents_words_stand_before_the_gateways_own() =>
        Assert.Equal("""{"ok":false,"error":"modelo x não encontrado","data":{"model_id":"x","code":"model_not_found","node":"desk"}}""", System.Text.Encoding.UTF8.GetString(
            NatsAnswer.Failed(new GatewayError(ErrorCode.ModelNotFound, "no"), "modelo x não encontrado", data => data.WriteString("model_id", "x")).ToBytes("desk")));

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(member => member.Name);
}
