namespace LeanNats.JetStream.Models;

/// <summary>What the account uses of JetStream and what it may use.</summary>
public sealed record AccountInfo
{
    /// <summary>Bytes in memory.</summary>
    public ulong Memory { get; init; }

    /// <summary>Bytes in files.</summary>
    public ulong Storage { get; init; }

    /// <summary>How many streams there are.</summary>
    public long Streams { get; init; }

    /// <summary>How many consumers there are.</summary>
    public long Consumers { get; init; }

    /// <summary>The JetStream domain.</summary>
    public string? Domain { get; init; }

    /// <summary>What may be used.</summary>
    public AccountLimits Limits { get; init; } = new();

    /// <summary>The server's API.</summary>
    public ApiStats Api { get; init; } = new();
}

/// <summary>What an account may use; -1 is without a limit.</summary>
public sealed record AccountLimits
{
    /// <summary>Bytes in memory.</summary>
    public long MaxMemory { get; init; }

    /// <summary>Bytes in files.</summary>
    public long MaxStorage { get; init; }

    /// <summary>Streams.</summary>
    public long MaxStreams { get; init; }

    /// <summary>Consumers.</summary>
    public long MaxConsumers { get; init; }
}

/// <summary>How the server's API is and was used.</summary>
public sealed record ApiStats
{
    /// <summary>What the server can do; 0 before 2.11.</summary>
    public int Level { get; init; }

    /// <summary>Requests so far.</summary>
    public ulong Total { get; init; }

    /// <summary>Those that failed.</summary>
    public ulong Errors { get; init; }
}
