using Microsoft.Extensions.Logging;

namespace LmGateway.Observability;

/// <summary>An entry of the log on its way to the thread that writes it.</summary>
/// <param name="Time">When it was said.</param>
/// <param name="Name">Who says it.</param>
internal readonly record struct LogEntry(DateTimeOffset Time, LogLevel Level, string Name, ILineText Text);

/// <summary>
/// What an entry says. It is written later and by the log's thread, so it never changes. A state that is given to a logger and is one of these is
/// not made a string first.
/// </summary>
internal interface ILineText
{
    /// <summary>Writes all of it as UTF-8; false where there is no room for that, and then it is asked again with more.</summary>
    bool TryWrite(Span<byte> utf8, out int written);
}
