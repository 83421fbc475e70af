namespace LmGateway.Backends;

/// <summary>A model to download.</summary>
/// <param name="Identifier">As the backend takes it, for LM Studio <c>owner/name</c> or a Hugging Face address, either with <c>@quantisation</c>.</param>
internal sealed record PullOrder(string Identifier);

/// <summary>What a download tells of itself: how far it is, or a line that the program at work printed.</summary>
internal sealed record PullProgress
{
    public long Bytes { get; init; }
    public long? Total { get; init; }
    public string? Message { get; init; }

    /// <summary>A line of output; the figures count only where this is null.</summary>
    public string? Line { get; init; }
}

/// <summary>A download that succeeded.</summary>
/// <param name="WasThere">Nothing had to be downloaded.</param>
internal sealed record PullResult(bool WasThere);

/// <summary>Where a model lies on this machine: absolute paths of files, or of folders that hold nothing else.</summary>
internal sealed record ModelPlace(IReadOnlyList<string> Paths);
