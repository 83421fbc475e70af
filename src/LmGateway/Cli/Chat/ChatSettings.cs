namespace LmGateway.Cli.Chat;

/// <summary>With whom to talk, and how.</summary>
internal sealed record ChatSettings
{
    /// <summary>Null for the active model.</summary>
    public string? Model { get; init; }

    public string? System { get; init; }
    public int? MaxTokens { get; init; }
    public double? Temperature { get; init; }

    /// <summary>Pictures that go with the next prompt, as data URIs.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];
}

/// <summary>One turn of a conversation.</summary>
/// <param name="Role"><c>user</c> or <c>assistant</c>.</param>
/// <param name="Text">What was said.</param>
internal sealed record Turn(string Role, string Text)
{
    public IReadOnlyList<string> Images { get; init; } = [];
}
