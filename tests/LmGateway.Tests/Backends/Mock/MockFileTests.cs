using LmGateway.Backends.Mock;
using Xunit;

namespace LmGateway.Tests.Backends.Mock;

public sealed class MockFileTests
{
    [Fact]
    public void Every_member_of_the_format_is_read()
    {
        var file = MockFileReader.Read("m.yaml", """
            settings:
              mode: sequential
              chunk_delay_ms: 50
            responses:
              - text: "Hello"
                model_used: gpt-oss-20b
                prompt_tokens: 10
                completion_tokens: 20
                total_tokens: 31
                finish_reason: length
                delay_ms: 7
                system_fingerprint: fp_1
                function_call: { name: f, arguments: '{"a":1}' }
                logprobs: { content: [{ token: Hello, logprob: -0.5, bytes: null }] }
              - text: null
                tool_calls:
                  - { id: "1", type: function, function: { name: g, arguments: "{}" } }
            """);
        Assert.Equal((MockMode.Sequential, TimeSpan.FromMilliseconds(50)), (file.Mode, file.ChunkDelay));
        Assert.Equal(
            new MockResponse
            {
                Text = "Hello", ModelUsed = "gpt-oss-20b", PromptTokens = 10, CompletionTokens = 20, TotalTokens = 31, FinishReason = "length",
                Delay = TimeSpan.FromMilliseconds(7), SystemFingerprint = "fp_1", FunctionCall = """{"name":"f","arguments":"{\"a\":1}"}""",
                Logprobs = """{"content":[{"token":"Hello","logprob":-0.5,"bytes":null}]}""",
            },
            file.Responses[0]);
        Assert.Equal("""[{"id":"1","type":"function","function":{"name":"g","arguments":"{}"}}]""", file.Responses[1].ToolCalls);
    }

    [Fact]
    public void The_printed_example_is_a_good_one()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "provider.md"));
        var file = MockFileReader.Read("m.yaml", page.Split("```yaml\n").Select(block => block.Split("```")[0]).Single(block => block.StartsWith("settings:", StringComparison.Ordinal)));
        Assert.Equal((2, MockMode.Sequential, "Hello there."), (file.Responses.Count, file.Mode, file.Responses[0].Text));
    }

    [Theory]
    [InlineData("", "m.yaml: a list 'responses' is expected.")]
    [InlineData("responses: []", "m.yaml: at least one of 'responses' is expected.")]
    [InlineData("responses: hi", "m.yaml line 1: a list of replies is expected.")]
    [InlineData("responses:\n- hi", "m.yaml line 2: a reply with its 'text' is expected.")]
    [InlineData("responses:\n- text: a\n  txet: b", "m.yaml line 3: a reply has no 'txet'.")]
    [InlineData("responses:\n- delay_ms: -1", "m.yaml line 2: a whole number from 0 to 600000 is expected.")]
    [InlineData("responses:\n- tool_calls: x", "m.yaml line 2: a list of tool calls is expected.")]
    [InlineData("responses:\n- function_call: x", "m.yaml line 2: name and arguments of a function are expected.")]
    [InlineData("settings: { mode: last }", "m.yaml line 1: first, sequential or random is expected.")]
    [InlineData("settings: { mood: first }", "m.yaml line 1: there is no setting 'mood'; mode and chunk_delay_ms are expected.")]
    [InlineData("settings: x", "m.yaml line 1: mode and chunk_delay_ms are expected.")]
    [InlineData("replies: []", "m.yaml line 1: there is no 'replies'; responses and settings are expected.")]
    public void What_is_wrong_is_told_with_its_line_and_what_is_expected(string yaml, string message) =>
        Assert.Equal(message, Assert.Throws<MockFileException>(() => MockFileReader.Read("m.yaml", yaml)).Message);

    [Fact]
    public void Broken_YAML_is_told_with_its_line() =>
        Assert.StartsWith("m.yaml line 2: this is not valid YAML", Assert.Throws<MockFileException>(() => MockFileReader.Read("m.yaml", "responses:\n- text: \"a")).Message, StringComparison.Ordinal);

    [Fact]
    public void The_modes_give_the_first_one_after_another_or_any_in_an_order_that_does_not_change()
    {
        var file = new MockFile([.. "abcd".Select(letter => new MockResponse { Text = letter.ToString() })]);
        Assert.Equal("aaaaaa", Texts(file));
        Assert.Equal("abcdab", Texts(file with { Mode = MockMode.Sequential }));
        var random = Texts(file with { Mode = MockMode.Random }, 400);
        Assert.Equal(random, Texts(file with { Mode = MockMode.Random }, 400));
        Assert.All("abcd", letter => Assert.InRange(random.Count(other => other == letter), 60, 140));
    }

    private static string Texts(MockFile file, int count = 6) => string.Concat(Enumerable.Range(0, count).Select(number => file.Choose(number).Text));
}
