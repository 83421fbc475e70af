using System.Text.Json;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.Wire;

public sealed class PredictionEventTests
{
    [Fact]
    public void A_tool_call_is_told_from_its_start_to_its_end()
    {
        Assert.Equal(new PredictionEvent.ToolCallStarted("7"), Read("""{"type":"toolCallGenerationStart","toolCallId":"7"}"""));
        Assert.Equal(new PredictionEvent.ToolCallStarted(null), Read("""{"type":"toolCallGenerationStart"}"""));
        Assert.Equal(new PredictionEvent.ToolCallNamed("add"), Read("""{"type":"toolCallGenerationNameReceived","name":"add"}"""));
        Assert.Equal(new PredictionEvent.ToolCallArguments("{\"a"), Read("""{"type":"toolCallGenerationArgumentFragmentGenerated","content":"{\"a"}"""));
        var ended = Assert.IsType<PredictionEvent.ToolCallEnded>(Read(
            """{"type":"toolCallGenerationEnd","toolCallRequest":{"id":"7","type":"function","name":"add","arguments":{"a":1}},"rawContent":"raw"}"""));
        Assert.Equal(("7", "add", """{"a":1}""", "raw"), (ended.Request.Id, ended.Request.Name, ended.Request.Arguments?.GetRawText(), ended.RawContent));
        var failed = Assert.IsType<PredictionEvent.ToolCallFailed>(Read("""{"type":"toolCallGenerationFailed","error":{"title":"bad JSON"}}"""));
        Assert.Equal("bad JSON", failed.Error.Title);
    }

    [Theory]
    [InlineData("none", ReasoningType.None)]
    [InlineData("reasoning", ReasoningType.Reasoning)]
    [InlineData("reasoningStartTag", ReasoningType.StartTag)]
    [InlineData("reasoningEndTag", ReasoningType.EndTag)]
    [InlineData("somethingNew", ReasoningType.None)]
    public void Reasoning_is_told_from_the_answer(string type, ReasoningType expected)
    {
        var fragment = Assert.IsType<PredictionEvent.Fragment>(Read(
            $$$"""{"type":"fragment","fragment":{"content":"x","tokensCount":2,"containsDrafted":true,"reasoningType":"{{{type}}}","isStructural":true,"tokens":[{"text":"x","id":1}]}}"""));
        Assert.Equal((expected, 2, true, true), (fragment.ReasoningType, fragment.TokensCount, fragment.ContainsDrafted, fragment.IsStructural));
        Assert.Equal(1, fragment.Tokens!.Value.GetArrayLength());
    }

    [Fact]
    public void A_character_that_two_fragments_share_is_whole_again_when_they_are_joined()
    {
        var text = string.Concat(new[] { "\\\"\\\\\\n\\ud83d", "\\udc4d ok" }.Select(content =>
            ((PredictionEvent.Fragment)Read($$$"""{"type":"fragment","fragment":{"content":"{{{content}}}"}}""")!).Content));
        Assert.Equal("\"\\\n👍 ok", text);
    }

    [Theory]
    [InlineData("""{"type":"success","stats":{"stopReason":"modelUnloaded"}}""", StopReasons.ModelUnloaded)]
    [InlineData("""{"type":"success","stats":{"stopReason":"failed","tokensPerSecond":"NaN"}}""", StopReasons.Failed)]
    [InlineData("""{"type":"success"}""", StopReasons.Unknown)]
    public void The_end_tells_its_reason(string message, string reason) =>
        Assert.Equal(reason, Assert.IsType<PredictionEvent.Finished>(Read(message)).Stats.StopReason);

    [Fact]
    public void Progress_of_an_older_version_has_no_token_counts() =>
        Assert.Equal(new PredictionEvent.PromptProgress(0.5, null), Read("""{"type":"promptProcessingProgress","progress":0.5}"""));

    [Theory]
    [InlineData("""{"type":"somethingNew"}""")]
    [InlineData("""{"type":"fragment"}""")]
    [InlineData("""{"type":"toolCallGenerationEnd","toolCallRequest":{}}""")]
    [InlineData("5")]
    public void A_message_that_is_not_understood_is_none(string message) => Assert.Null(Read(message));

    [Theory]
    [InlineData("""{"code":"generic.specificModelUnloaded"}""", typeof(LmStudioErrorDetails.SpecificModelUnloaded))]
    [InlineData("""{"code":"generic.missingRuntimeExtension"}""", typeof(LmStudioErrorDetails.MissingRuntimeExtension))]
    [InlineData("""{"code":"generic.engineDoesNotSupportFeature","feature":"f","engineName":"e","supportedVersion":null}""", typeof(LmStudioErrorDetails.EngineDoesNotSupportFeature))]
    [InlineData("""{"code":"generic.presetNotFound","specifiedFuzzyPresetIdentifier":"p","totalAvailablePresets":3}""", typeof(LmStudioErrorDetails.PresetNotFound))]
    [InlineData("""{"code":"generic.later"}""", typeof(LmStudioErrorDetails.Other))]
    public void Every_code_of_an_error_has_its_type(string data, Type type) =>
        Assert.IsType(type, LmStudioError.Read(JsonElement.Parse($$"""{"title":"t","displayData":{{data}}}""")).Details);

    [Fact]
    public void An_error_with_odd_fields_keeps_the_good_ones()
    {
        var error = LmStudioError.Read(JsonElement.Parse("""{"title":5,"cause":"out of memory","suggestion":[],"displayData":{"code":7},"errorData":{"a":1}}"""));
        Assert.Equal("Unknown error", error.Title);
        Assert.Equal("Unknown error out of memory", error.Summary);
        Assert.Null(error.Suggestion);
        Assert.Null(error.Details);
        Assert.NotNull(error.ErrorData);
    }

    private static PredictionEvent? Read(string message) => PredictionEvent.TryRead(JsonElement.Parse(message));
}
