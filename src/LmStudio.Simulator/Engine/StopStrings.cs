namespace LmStudio.Simulator.Engine;

/// <summary>
/// Watches a stream of text for stop strings, holding back what could be the beginning of one. The one that is complete
/// first wins, so the outcome does not depend on how the text is cut into tokens.
/// </summary>
internal sealed class StopStrings(IReadOnlyList<string> stops)
{
    private readonly string[] _stops = [.. stops.Where(stop => stop.Length > 0)];
    private string _held = "";

    /// <summary>The stop string that was found, or null.</summary>
    public string? Found { get; private set; }

    /// <summary>The text that may go out now.</summary>
    public string Pass(string text)
    {
        if (_stops.Length == 0) return text;
        _held += text;
        var at = -1;
        foreach (var stop in _stops)
        {
            var index = _held.IndexOf(stop, StringComparison.Ordinal);
            if (index >= 0 && (Found is null || (index + stop.Length, index).CompareTo((at + Found.Length, at)) < 0)) (at, Found) = (index, stop);
        }

        var keep = at >= 0 ? _held.Length - at : Longest();
        var free = _held[..^keep];
        _held = at >= 0 ? "" : _held[^keep..];
        return free;
    }

    /// <summary>What was held back, at the end.</summary>
    public string Rest() => Found is null ? _held : "";

    private int Longest()
    {
        for (var length = Math.Min(_held.Length, _stops.Max(stop => stop.Length) - 1); length > 0; length--)
            if (_stops.Any(stop => stop.Length > length && _held.AsSpan(_held.Length - length).SequenceEqual(stop.AsSpan(0, length)))) return length;
        return 0;
    }
}
