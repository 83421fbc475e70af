using System.Diagnostics;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Images;

/// <summary>
/// WebP to PNG by the program <c>dwebp</c>, over pipes. Bounded: two at a time, 20 s each, and in the size of what comes out; the
/// pixels are bounded before by <see cref="ImageHeader"/>.
/// </summary>
internal sealed class WebPConverter(TimeProvider time, string program = WebPConverter.Program) : IDisposable
{
    private const string Program = "dwebp";
    private const int LargestPng = 96 * 1024 * 1024;
    private const int LongestComplaint = 4 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>What the program may see of this process's surroundings: no keys.</summary>
    private static readonly string[] Surroundings = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SystemRoot"];

    private readonly SemaphoreSlim places = new(2);

    /// <summary>The PNG. <see cref="ErrorCode.InvalidImage"/> where the image cannot be decoded, or the program is not there.</summary>
    /// <param name="path">Where in the request the image stands, for the error.</param>
    public async Task<ReadOnlyMemory<byte>> ToPngAsync(ReadOnlyMemory<byte> webp, string path, CancellationToken cancellationToken)
    {
        if (ImageHeader.Read(webp.Span, out _) is { } problem) throw Invalid($"{char.ToUpperInvariant(problem[0])}{problem[1..]}.", path);
        await places.WaitAsync(cancellationToken);
        try
        {
            return await ConvertAsync(webp, path, cancellationToken);
        }
        finally
        {
            places.Release();
        }
    }

    public void Dispose() => places.Dispose();

    private async Task<ReadOnlyMemory<byte>> ConvertAsync(ReadOnlyMemory<byte> webp, string path, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var process = Start(path);
        // Its end closes the pipes, so that whatever waits on them ends too.
        await using var killing = ending.Token.UnsafeRegister(static process => Kill((Process)process!), process);
        try
        {
            var complaint = ReadAsync(process.StandardError.BaseStream, LongestComplaint, process);
            var output = ReadAsync(process.StandardOutput.BaseStream, LargestPng, process);
            await FeedAsync(process, webp);
            var (png, words) = (await output, await complaint);
            await process.WaitForExitAsync(CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            if (limit.IsCancellationRequested) throw Invalid($"Converting the WebP image took longer than {Limit.TotalSeconds:0} s. Send PNG or JPEG.", path);
            if (png is { Overflowed: true }) throw Invalid($"The WebP image is larger than {LargestPng} bytes as PNG. Send a smaller one, or JPEG.", path);
            if (process.ExitCode == 0 && ImageHeader.KindOf(png.Bytes.Span) == ImageKind.Png) return png.Bytes;
            throw Invalid($"The WebP image cannot be decoded{Said(words.Bytes.Span)}. Animated images are not taken.", path);
        }
        finally
        {
            Kill(process);
        }
    }

    private Process Start(string path)
    {
        var file = ProgramPath.Find(program)
            ?? throw Invalid($"WebP images are converted by the program {program}, which is not installed. Install the package 'webp' (apt-get install webp), or send PNG or JPEG.", path);
        var start = new ProcessStartInfo(file, ["-o", "-", "--", "-"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var name in Surroundings)
            if (Environment.GetEnvironmentVariable(name) is { } value) start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw Invalid($"WebP images are converted by the program {file}, which could not be started: {fault.Message}. Reinstall the package 'webp', or send PNG or JPEG.", path);
        }
    }

    private static async Task FeedAsync(Process process, ReadOnlyMemory<byte> webp)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(webp);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has seen enough and ended; its exit code tells the rest.
        }
    }

    /// <summary>Everything up to a length; past it the program is ended.</summary>
    private static async Task<(ReadOnlyMemory<byte> Bytes, bool Overflowed)> ReadAsync(Stream stream, int most, Process process)
    {
        var (bytes, buffer) = (new MemoryStream(), new byte[64 * 1024]);
        while (await stream.ReadAsync(buffer) is var read and > 0)
        {
            if (bytes.Length + read > most)
            {
                Kill(process);
                return (default, true);
            }

            bytes.Write(buffer, 0, read);
        }

        return (bytes.GetBuffer().AsMemory(0, (int)bytes.Length), false);
    }

    private static string Said(ReadOnlySpan<byte> words)
    {
        var text = System.Text.Encoding.UTF8.GetString(words).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return text.Length == 0 ? "" : $" ({text[0]})";
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private static GatewayException Invalid(string message, string path) => new(new GatewayError(ErrorCode.InvalidImage, message) { Parameter = path });
}
