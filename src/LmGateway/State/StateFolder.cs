using System.Text;
using LmGateway.Configuration;
using Microsoft.Extensions.Logging;

namespace LmGateway.State;

/// <summary>
/// The few small files that survive a restart. A file is replaced as a whole or not at all; writers of several processes take turns
/// by a lock file.
/// </summary>
internal sealed partial class StateFolder(string path, ILogger<StateFolder> logger)
{
    public string Path { get; } = path;

    /// <summary>The folder that the configuration names, else the user's configuration folder.</summary>
    public static string Locate(GatewayOptions options) => options.StateDir
        ?? System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "lmgateway");

    /// <summary>The file's text; null where there is none or where it cannot be read.</summary>
    public string? Read(string name)
    {
        try
        {
            var file = System.IO.Path.Combine(Path, name);
            return File.Exists(file) ? File.ReadAllText(file) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(name, fault.Message);
            return null;
        }
    }

    /// <summary>Moves a damaged file out of the way, beside where it was, and says so.</summary>
    public void SetAside(string name, string reason)
    {
        try
        {
            File.Move(System.IO.Path.Combine(Path, name), System.IO.Path.Combine(Path, name + ".damaged"), overwrite: true);
            LogSetAside(name, reason);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(name, fault.Message);
        }
    }

    /// <summary>Replaces the file, or removes it where the text is null. Throws <see cref="IOException"/> where the disk does not let it.</summary>
    public async Task WriteAsync(string name, string? text, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path);
        await using var turn = await LockAsync(cancellationToken);
        var file = System.IO.Path.Combine(Path, name);
        if (text is null) File.Delete(file);
        else await ReplaceAsync(file, text, cancellationToken);
    }

    private static async Task ReplaceAsync(string file, string text, CancellationToken cancellationToken)
    {
        var draft = $"{file}.{Environment.ProcessId}.tmp";
        await using (var stream = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None, 4096, FileOptions.Asynchronous))
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, file, overwrite: true);
    }

    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(System.IO.Path.Combine(Path, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < 100)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The state file {Name} cannot be read: {Reason}")]
    private partial void LogUnreadable(string name, string reason);

    [LoggerMessage(LogLevel.Warning, "The state file {Name} was damaged ({Reason}); it was set aside as {Name}.damaged")]
    private partial void LogSetAside(string name, string reason);
}
