using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace LmStudio.Simulator.Engine;

/// <summary>What the app's log reports as it happens.</summary>
public abstract record DiagnosticEvent(DateTimeOffset Time)
{
    /// <summary>A prompt as it goes into a model.</summary>
    public sealed record PredictionInput(DateTimeOffset Time, LoadedInstance Instance, string Input) : DiagnosticEvent(Time);

    /// <summary>An answer as it came out of a model.</summary>
    public sealed record PredictionOutput(DateTimeOffset Time, LoadedInstance Instance, string Output, GenerationStats Stats) : DiagnosticEvent(Time);

    /// <summary>A line of the server's log.</summary>
    public sealed record ServerLog(DateTimeOffset Time, string Level, string Content) : DiagnosticEvent(Time);
}

/// <summary>The app's log. There is no history: a reader gets what happens from now on, and loses lines when it falls far behind.</summary>
public sealed class DiagnosticLog(SimulatedLmStudio studio)
{
    private ImmutableList<Channel<DiagnosticEvent>> _readers = [];

    /// <summary>Whether anyone listens; texts need not be put together otherwise.</summary>
    public bool HasReaders => !_readers.IsEmpty;

    /// <summary>Everything from now on until the token is cancelled.</summary>
    public async IAsyncEnumerable<DiagnosticEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<DiagnosticEvent>(new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropOldest });
        ImmutableInterlocked.Update(ref _readers, static (readers, added) => readers.Add(added), channel);
        try
        {
            await foreach (var entry in channel.Reader.ReadAllAsync(cancellationToken)) yield return entry;
        }
        finally
        {
            ImmutableInterlocked.Update(ref _readers, static (readers, removed) => readers.Remove(removed), channel);
        }
    }

    internal void Server(string level, string content)
    {
        if (HasReaders) Write(new DiagnosticEvent.ServerLog(studio.Now, level, content));
    }

    internal void Write(DiagnosticEvent entry)
    {
        foreach (var reader in _readers) reader.Writer.TryWrite(entry);
    }
}
