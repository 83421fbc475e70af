using LmGateway.Backends.Wire;
using System.Buffers;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// What one read of a stream gives on: the read's own memory where it is passed on in one run, else a copy made of runs and of what
/// is written between them.
/// </summary>
internal sealed class StreamOutput(ArrayPool<byte> pool) : IDisposable
{
    private readonly PooledBuffer written = new(pool);
    private ReadOnlyMemory<byte> window;
    private int runStart;
    private int runEnd;

    /// <summary>For bytes that do not stand in the window.</summary>
    public PooledBuffer Writer
    {
        get
        {
            EndRun();
            return written;
        }
    }

    public void Begin(ReadOnlyMemory<byte> bytes)
    {
        written.Clear();
        window = bytes;
        runStart = runEnd = 0;
    }

    /// <summary>Passes a piece of the window on.</summary>
    public void Pass(int start, int length)
    {
        if (start != runEnd || runStart == runEnd)
        {
            EndRun();
            runStart = start;
        }

        runEnd = start + length;
    }

    /// <summary>All of it; valid until the next read begins.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        if (written.Length == 0) return window[runStart..runEnd];
        EndRun();
        return written.Written;
    }

    public void Dispose() => written.Dispose();

    private void EndRun()
    {
        if (runEnd > runStart) written.Write(window.Span[runStart..runEnd]);
        runStart = runEnd = 0;
    }
}
