using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Unicode;
using Microsoft.Extensions.Logging;

namespace LmGateway.Observability;

/// <summary>
/// The log on standard error. Whoever logs puts an entry into a queue and goes on; one thread makes lines of what is there and writes them in one piece,
/// the first at once and then at most a hundred times a second, so that a busy service pays a fraction of a write for each line. A reader of standard
/// error that stops reading holds no request up: entries for which there is no more room are dropped, and how many is written when there is.
/// </summary>
internal sealed class LineLog : ILoggerProvider
{
    /// <summary>Entries that may wait to be written.</summary>
    public const int Room = 16 * 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<LogEntry> entries = new();
    private readonly AutoResetEvent somethingToWrite = new(initialState: false);
    private readonly ManualResetEventSlim ending = new();
    private readonly ArrayBufferWriter<byte> batch = new(16 * 1024);
    private readonly TimeProvider time;
    private readonly LineFormatter formatter;
    private readonly Stream output;
    private readonly Thread writer;
    private int waiting;
    private int dropped;
    private int awake;

    public LineLog(TimeProvider time)
        : this(time, Console.OpenStandardError())
    {
    }

    internal LineLog(TimeProvider time, Stream output)
    {
        (this.time, formatter, this.output) = (time, new LineFormatter(time), output);
        writer = new Thread(Run) { IsBackground = true, Name = "log" };
        writer.Start();
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    /// <summary>Writes what is still there; a reader that has stopped reading is given up after a second.</summary>
    public void Dispose()
    {
        ending.Set();
        somethingToWrite.Set();
        writer.Join(LastWords);
    }

    private void Add(LogLevel level, string name, ILineText text)
    {
        if (Interlocked.Increment(ref waiting) > Room)
        {
            Interlocked.Decrement(ref waiting);
            Interlocked.Increment(ref dropped);
            return;
        }

        entries.Enqueue(new LogEntry(time.GetUtcNow(), level, name, text));
        if (Volatile.Read(ref awake) == 0 && Interlocked.Exchange(ref awake, 1) == 0) somethingToWrite.Set();
    }

    private void Run()
    {
        while (!ending.IsSet)
        {
            somethingToWrite.WaitOne();
            Volatile.Write(ref awake, 0);
            WriteAll();
            ending.Wait(Pause);
        }

        WriteAll();
    }

    private void WriteAll()
    {
        while (entries.TryDequeue(out var entry))
        {
            Interlocked.Decrement(ref waiting);
            formatter.Write(entry, batch);
            if (batch.WrittenCount >= batch.Capacity / 2 || entries.IsEmpty) WriteBatch();
        }

        if (Interlocked.Exchange(ref dropped, 0) is not (> 0 and var lost)) return;
        formatter.Write(new LogEntry(time.GetUtcNow(), LogLevel.Warning, nameof(LineLog), new PlainText($"{lost} lines were dropped because nobody read them.", null)), batch);
        WriteBatch();
    }

    private void WriteBatch()
    {
        try
        {
            output.Write(batch.WrittenSpan);
            output.Flush();
        }
        catch (IOException)
        {
            // Nobody is there to read it.
        }

        batch.ResetWrittenCount();
    }

    private sealed class LineLogger(LineLog log, string name) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Add(logLevel, name, state is ILineText text && exception is null ? text : new PlainText(formatter(state, exception), exception?.ToString()));
    }

    private sealed class PlainText(string text, string? exception) : ILineText
    {
        public bool TryWrite(Span<byte> utf8, out int written) =>
            exception is null ? Utf8.TryWrite(utf8, $"{text}", out written) : Utf8.TryWrite(utf8, $"{text} {exception}", out written);
    }
}
