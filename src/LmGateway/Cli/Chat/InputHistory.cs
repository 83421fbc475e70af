namespace LmGateway.Cli.Chat;

/// <summary>What was typed before, the newest last: kept in a file that only its owner can read, or nowhere.</summary>
internal sealed class InputHistory
{
    private const string FileName = "chat-history";
    private const int Most = 500;

    private readonly string? file;
    private readonly List<string> lines = [];

    private InputHistory(string? file) => this.file = file;

    /// <summary>Remembers within this conversation, and no longer.</summary>
    public static InputHistory None => new(null);

    public IReadOnlyList<string> Lines => lines;

    public static InputHistory Open(string folder)
    {
        var history = new InputHistory(Path.Combine(folder, FileName));
        try
        {
            if (File.Exists(history.file)) history.lines.AddRange(File.ReadLines(history.file!).TakeLast(Most));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A conversation does not need it.
        }

        return history;
    }

    public void Add(string line)
    {
        if (lines is [.., var last] && last == line) return;
        lines.Add(line);
        if (file is null) return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var writer = new StreamWriter(file, options);
            foreach (var kept in lines.TakeLast(Most)) writer.WriteLine(kept);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The same.
        }
    }
}
