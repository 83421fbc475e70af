using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;

namespace LeanNats;

/// <summary>
/// The headers of a message: case-sensitive names, each with one or more values in the order they were written, and the status line
/// that servers put before them.
/// </summary>
public sealed class NatsHeaders : Dictionary<string, StringValues>
{
    /// <summary>Empty headers.</summary>
    public NatsHeaders()
        : base(StringComparer.Ordinal)
    {
    }

    /// <summary>The status code of the first line; 0 without one. Only servers send one.</summary>
    public int Code { get; init; }

    /// <summary>The words behind the status code; empty without any.</summary>
    public string MessageText { get; init; } = "";

    /// <summary>The last value of a header, which is the one that counts.</summary>
    public bool TryGetLastValue(string key, [NotNullWhen(true)] out string? value)
    {
        value = TryGetValue(key, out var values) && values.Count > 0 ? values[^1] : null;
        return value is not null;
    }
}
