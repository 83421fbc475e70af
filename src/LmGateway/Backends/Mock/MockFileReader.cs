using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LmGateway.Backends.Mock;

/// <summary>A file of replies that cannot be used; the message names the file, the line and what is expected.</summary>
internal sealed class MockFileException(string message) : Exception(message);

/// <summary>Reads <c>responses: [ … ]</c> and <c>settings: { mode, chunk_delay_ms }</c>. A key that means nothing here is an error.</summary>
internal sealed class MockFileReader(string name)
{
    private const int LongestDelayMs = 600_000;

    public static MockFile Read(string name, string yaml) => new MockFileReader(name).Read(yaml);

    private MockFile Read(string yaml)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException fault)
        {
            throw new MockFileException($"{name} line {fault.Start.Line}: this is not valid YAML: {fault.InnerException?.Message ?? fault.Message}");
        }

        if (stream.Documents is not [{ RootNode: YamlMappingNode root }]) throw new MockFileException($"{name}: a list 'responses' is expected.");
        var file = new MockFile([]);
        foreach (var (key, value) in root.Children)
            file = Text(key) switch
            {
                "responses" => file with { Responses = Responses(value) },
                "settings" => Settings(file, value),
                var other => throw Fault(key, $"there is no '{other}'; responses and settings are expected"),
            };
        return file.Responses.Count > 0 ? file : throw new MockFileException($"{name}: at least one of 'responses' is expected.");
    }

    private MockResponse[] Responses(YamlNode node) =>
        node is YamlSequenceNode list ? [.. list.Children.Select(Response)] : throw Fault(node, "a list of replies is expected");

    private MockResponse Response(YamlNode node)
    {
        if (node is not YamlMappingNode members) throw Fault(node, "a reply with its 'text' is expected");
        var response = new MockResponse();
        foreach (var (key, value) in members.Children)
            if (!IsNull(value)) response = With(response, key, value);
        return response;
    }

    private MockResponse With(MockResponse response, YamlNode key, YamlNode value) => Text(key) switch
    {
        "text" => response with { Text = Text(value) },
        "model_used" => response with { ModelUsed = Text(value) },
        "prompt_tokens" => response with { PromptTokens = Whole(value, int.MaxValue) },
        "completion_tokens" => response with { CompletionTokens = Whole(value, int.MaxValue) },
        "total_tokens" => response with { TotalTokens = Whole(value, int.MaxValue) },
        "finish_reason" => response with { FinishReason = Text(value) },
        "delay_ms" => response with { Delay = Delay(value) },
        "system_fingerprint" => response with { SystemFingerprint = Text(value) },
        "tool_calls" => response with { ToolCalls = value is YamlSequenceNode ? YamlJson.Of(value) : throw Fault(value, "a list of tool calls is expected") },
        "function_call" => response with { FunctionCall = value is YamlMappingNode ? YamlJson.Of(value) : throw Fault(value, "name and arguments of a function are expected") },
        "logprobs" => response with { Logprobs = YamlJson.Of(value) },
        var other => throw Fault(key, $"a reply has no '{other}'"),
    };

    private MockFile Settings(MockFile file, YamlNode node)
    {
        if (node is not YamlMappingNode members) throw Fault(node, "mode and chunk_delay_ms are expected");
        foreach (var (key, value) in members.Children)
            file = Text(key) switch
            {
                "mode" => file with { Mode = Mode(value) },
                "chunk_delay_ms" => file with { ChunkDelay = Delay(value) },
                var other => throw Fault(key, $"there is no setting '{other}'; mode and chunk_delay_ms are expected"),
            };
        return file;
    }

    private MockMode Mode(YamlNode node) => Text(node) switch
    {
        "first" => MockMode.First,
        "sequential" => MockMode.Sequential,
        "random" => MockMode.Random,
        _ => throw Fault(node, "first, sequential or random is expected"),
    };

    private TimeSpan Delay(YamlNode node) => TimeSpan.FromMilliseconds(Whole(node, LongestDelayMs));

    private int Whole(YamlNode node, int most) =>
        node is YamlScalarNode { Value: { } text } && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most
            ? number
            : throw Fault(node, $"a whole number from 0 to {most} is expected");

    private string Text(YamlNode node) => node is YamlScalarNode scalar ? scalar.Value ?? "" : throw Fault(node, "text is expected");

    private static bool IsNull(YamlNode node) => node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" };

    private MockFileException Fault(YamlNode node, string fix) => new($"{name} line {node.Start.Line}: {fix}.");
}
