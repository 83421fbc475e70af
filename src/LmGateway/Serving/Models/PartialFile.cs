using System.Security.Cryptography;
using System.Text;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Models;

/// <summary>
/// A file on its way to its place: hidden beside it, under a name that no program takes for a model. A later attempt at the same content
/// goes on with what is there; the file gets its real name only when all of it is there and right.
/// </summary>
internal sealed class PartialFile : IDisposable
{
    private const string Ending = ".part";

    private readonly string target;

    private PartialFile(string target, FileStream content) => (this.target, Content) = (target, content);

    /// <summary>What is there.</summary>
    public FileStream Content { get; }

    /// <summary>
    /// Opens what an earlier attempt left, or begins. <paramref name="content"/> names the content, so that nothing of another one is gone on
    /// with; what is left of other contents is removed. Throws <see cref="ErrorCode.InstanceInUse"/> where somebody else is at it.
    /// </summary>
    public static PartialFile Open(string target, string content)
    {
        var folder = Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(folder);
        var beginning = $".{Path.GetFileName(target)}.";
        var path = Path.Combine(folder, beginning + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))[..16] + Ending);
        foreach (var old in Directory.EnumerateFiles(folder, $"{beginning}*{Ending}").Where(file => file != path && Path.GetFileName(file).Length == Path.GetFileName(path).Length)) Remove(old);
        try
        {
            // Nobody else can have it open meanwhile.
            return new PartialFile(target, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 0, FileOptions.Asynchronous));
        }
        catch (IOException fault) when (File.Exists(path))
        {
            throw new GatewayException(new GatewayError(ErrorCode.InstanceInUse, $"Another copy to {target} is under way: {fault.Message}"), fault);
        }
    }

    /// <summary>Puts the file in its place in one step; whoever looks sees all of it or none.</summary>
    public void Complete()
    {
        Content.Flush(flushToDisk: true);
        File.Move(Content.Name, target, overwrite: true);
        Content.Dispose();
    }

    /// <summary>Gives up: nothing stays.</summary>
    public void Discard()
    {
        Content.Dispose();
        Remove(Content.Name);
    }

    /// <summary>What is there stays, for a later attempt.</summary>
    public void Dispose() => Content.Dispose();

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
