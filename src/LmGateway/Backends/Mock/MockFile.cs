namespace LmGateway.Backends.Mock;

/// <summary>Which of a file's replies is given next.</summary>
internal enum MockMode
{
    /// <summary>The first one, always.</summary>
    First,

    /// <summary>One after another, then from the beginning.</summary>
    Sequential,

    /// <summary>Any of them; the same ones in the same order after each start.</summary>
    Random,
}

/// <summary>One canned reply.</summary>
internal sealed record MockResponse
{
    public string Text { get; init; } = "";

    /// <summary>The model that the reply names; null for the one that was asked for.</summary>
    public string? ModelUsed { get; init; }

    public int? PromptTokens { get; init; }
    public int? CompletionTokens { get; init; }
    public int? TotalTokens { get; init; }

    /// <summary>Null for what the reply's kind suggests.</summary>
    public string? FinishReason { get; init; }

    /// <summary>The time before the reply begins.</summary>
    public TimeSpan Delay { get; init; }

    public string? SystemFingerprint { get; init; }

    /// <summary>JSON as it stands in a message, or null.</summary>
    public string? ToolCalls { get; init; }

    /// <summary>JSON as it stands in a message, or null.</summary>
    public string? FunctionCall { get; init; }

    /// <summary>JSON as it stands in a choice, or null.</summary>
    public string? Logprobs { get; init; }
}

/// <summary>The replies of one model.</summary>
internal sealed record MockFile(IReadOnlyList<MockResponse> Responses)
{
    public MockMode Mode { get; init; }

    /// <summary>The time between two pieces of a stream.</summary>
    public TimeSpan ChunkDelay { get; init; }

    /// <summary>What is given where there are no files at all.</summary>
    public static MockFile BuiltIn { get; } = new([new MockResponse { Text = "This is a mock response." }]);

    /// <summary>The reply to the request with this number, counted from 0.</summary>
    public MockResponse Choose(long number) => Responses[Mode switch
    {
        MockMode.Sequential => (int)(number % Responses.Count),
        MockMode.Random => (int)(Scramble((ulong)number) % (ulong)Responses.Count),
        _ => 0,
    }];

    /// <summary>SplitMix64: numbers in a row become numbers without any order, and always the same ones.</summary>
    private static ulong Scramble(ulong number)
    {
        number = unchecked((number + 1) * 0x9E3779B97F4A7C15);
        number = unchecked((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9);
        number = unchecked((number ^ (number >> 27)) * 0x94D049BB133111EB);
        return number ^ (number >> 31);
    }
}
