using System.Text;
using Microsoft.Win32.SafeHandles;

namespace LmGateway.Cli;

/// <summary>Nobody reads the output any more.</summary>
internal sealed class OutputClosedException(IOException cause) : Exception(cause.Message, cause);

/// <summary>
/// Standard output into a file or another program. The framework's own writer says nothing when the reader has gone, and a command that goes on
/// and on would never end.
/// </summary>
internal sealed class OutputPipe : Stream
{
    private readonly Stream pipe;

    private OutputPipe(Stream pipe) => this.pipe = pipe;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public static TextWriter Open()
    {
        if (OperatingSystem.IsWindows()) return Console.Out;
        var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        // A file has no reader that could go, and is written at a place that other programs share.
        if (output.CanSeek) return Console.Out;
        return TextWriter.Synchronized(new StreamWriter(new OutputPipe(output), new UTF8Encoding(false)) { AutoFlush = true });
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        try
        {
            pipe.Write(buffer, offset, count);
        }
        catch (IOException gone)
        {
            throw new OutputClosedException(gone);
        }
    }

    public override void Flush() => pipe.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
