// The stand-in programs are shell scripts.
[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]

namespace LmStudio.Client.Tests.Cli;

/// <summary>A program called <c>lms</c> that does what a test says: a shell script in a folder of its own.</summary>
internal sealed class FakeLms : IDisposable
{
    private static readonly string Fixtures = Path.Combine(AppContext.BaseDirectory, "fixtures", "lms-cli");

    public string Folder { get; } = Directory.CreateTempSubdirectory("fake-lms").FullName;

    public string Program => Path.Combine(Folder, "lms");

    /// <summary>Every call so far, one line of arguments each.</summary>
    public string[] Calls => File.Exists(CallsFile) ? File.ReadAllLines(CallsFile) : [];

    private string CallsFile => Path.Combine(Folder, "calls");

    /// <summary>Answers each call by the first case whose pattern fits its arguments.</summary>
    public FakeLms(params (string Pattern, string Script)[] cases)
    {
        var script = string.Join('\n',
        [
            "#!/bin/sh",
            $"echo \"$*\" >> '{CallsFile}'",
            "case \"$*\" in",
            .. cases.Select(one => $"{one.Pattern}) {one.Script} ;;"),
            "*) echo \"error: unknown command '$1'\" >&2; exit 1 ;;",
            "esac",
        ]);
        File.WriteAllText(Program, script + "\n");
        File.SetUnixFileMode(Program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>A script that prints what was recorded and exits as it did.</summary>
    public static string Recorded(string name) =>
        $"cat '{Path.Combine(Fixtures, name + ".stderr")}' >&2; cat '{Path.Combine(Fixtures, name + ".stdout")}'; exit $(cat '{Path.Combine(Fixtures, name + ".rc")}')";

    public static string Read(string name) => File.ReadAllText(Path.Combine(Fixtures, name));

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
