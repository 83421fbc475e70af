using System.Buffers.Binary;
using System.Security.Cryptography;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Models;

/// <summary>
/// A file on its way to its place: hidden beside it, under a name that no program takes for a model, with a note of how far it is. A later
/// attempt at the same content goes on from the note; the file gets its real name only when all of it is there and right.
/// </summary>
internal sealed class PartialFile : IAsyncDisposable
{
    private const int NoteEvery = 8 * 1024 * 1024;
    private const int NoteSize = 16;

    private readonly string target;
    private readonly FileStream file;
    private readonly FileStream note;
    private IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long noted;

    private PartialFile(string target, FileStream file, FileStream note) => (this.target, this.file, this.note) = (target, file, note);

    /// <summary>Bytes that are there.</summary>
    public long Length { get; private set; }

    /// <summary>The number of the last piece that is there; 0 for none.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>
    /// Opens what an earlier attempt left, or begins. <paramref name="content"/> names the content, so that nothing of another one is gone on
    /// with; what is left of other contents is removed. Throws <see cref="ErrorCode.InstanceInUse"/> where somebody else is at it.
    /// </summary>
    public static async Task<PartialFile> OpenAsync(string target, string content, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $".{Path.GetFileName(target)}.{content}.part");
        foreach (var old in Directory.EnumerateFiles(folder, $".{Path.GetFileName(target)}.*").Where(file => IsPart(file) && !file.StartsWith(path, StringComparison.Ordinal))) Remove(old);
        var bytes = Take(path, target);
        PartialFile partial;
        try
        {
            partial = new PartialFile(target, bytes, Take(path + ".at", target));
        }
        catch
        {
            await bytes.DisposeAsync();
            throw;
        }

        try
        {
            await partial.ResumeAsync(cancellationToken);
            return partial;
        }
        catch
        {
            partial.Close();
            throw;
        }
    }

    public async Task AppendAsync(ReadOnlyMemory<byte> piece, ulong sequence, CancellationToken cancellationToken)
    {
        hash.AppendData(piece.Span);
        await file.WriteAsync(piece, cancellationToken);
        (Length, Sequence) = (Length + piece.Length, sequence);
        if (Length - noted >= NoteEvery) await NoteAsync(cancellationToken);
    }

    /// <summary>The digest of what is there, in the form of NATS's object store.</summary>
    public string Digest() => $"SHA-256={Convert.ToBase64String(hash.GetCurrentHash()).Replace('+', '-').Replace('/', '_')}";

    /// <summary>Begins again with nothing.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        hash.Dispose();
        hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        (Length, Sequence) = (0, 0);
        file.SetLength(0);
        await NoteAsync(cancellationToken);
    }

    /// <summary>Puts the file in its place in one step; whoever looks sees all of it or none.</summary>
    public void Complete()
    {
        file.Flush(flushToDisk: true);
        File.Move(file.Name, target, overwrite: true);
        Close();
        Remove(note.Name);
    }

    /// <summary>Gives up: nothing stays.</summary>
    public void Discard()
    {
        Close();
        Remove(file.Name);
        Remove(note.Name);
    }

    public async ValueTask DisposeAsync()
    {
        if (file.CanWrite) await NoteAsync(CancellationToken.None);
        Close();
        hash.Dispose();
    }

    /// <summary>Reads again what is there, as far as the note goes: its digest has to be known.</summary>
    private async Task ResumeAsync(CancellationToken cancellationToken)
    {
        var bytes = new byte[NoteSize];
        if (await note.ReadAtLeastAsync(bytes, NoteSize, throwOnEndOfStream: false, cancellationToken) < NoteSize) bytes.AsSpan().Clear();
        var length = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (length <= 0 || length > file.Length)
        {
            file.SetLength(0);
            return;
        }

        file.SetLength(length);
        var block = new byte[1024 * 1024];
        while (await file.ReadAsync(block, cancellationToken) is > 0 and var count) hash.AppendData(block, 0, count);
        (Length, Sequence, noted) = (length, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)), length);
    }

    private async Task NoteAsync(CancellationToken cancellationToken)
    {
        var bytes = new byte[NoteSize];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Length);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), Sequence);
        note.Position = 0;
        await note.WriteAsync(bytes, cancellationToken);
        noted = Length;
    }

    /// <summary>Nobody else can have it open meanwhile.</summary>
    private static FileStream Take(string path, string target)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 0, FileOptions.Asynchronous);
        }
        catch (IOException fault) when (File.Exists(path))
        {
            throw new GatewayException(new GatewayError(ErrorCode.InstanceInUse, $"Another copy to {target} is under way: {fault.Message}"), fault);
        }
    }

    private void Close()
    {
        file.Dispose();
        note.Dispose();
    }

    private static bool IsPart(string file) => file.EndsWith(".part", StringComparison.Ordinal) || file.EndsWith(".part.at", StringComparison.Ordinal);

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Somebody is at it; it is no model's file.
        }
    }
}
