namespace LeanNats.JetStream.Models;

/// <summary>The server has stored a message.</summary>
public sealed record PubAck
{
    /// <summary>The stream that took it.</summary>
    public string Stream { get; init; } = "";

    /// <summary>Its number there.</summary>
    public ulong Seq { get; init; }

    /// <summary>True when a message with that id was there already; <see cref="Seq"/> is that one's number.</summary>
    public bool Duplicate { get; init; }

    /// <summary>The JetStream domain.</summary>
    public string? Domain { get; init; }
}
