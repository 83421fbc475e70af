using System.Diagnostics;
using System.Globalization;

namespace LmGateway.Tests.Functional.BringUp;

/// <summary>
/// A folder with a program <c>lms</c> in it and an LM Studio behind it that does not run yet: real processes. <c>lms server start</c> starts
/// it, as the real program starts LM Studio. What it started is ended with it.
/// </summary>
internal sealed class LmsOnPath : IDisposable
{
    private readonly string pids;

    /// <param name="simulator">More options for <c>lmgateway simulate</c>.</param>
    public LmsOnPath(params string[] simulator)
    {
        Folder = Directory.CreateTempSubdirectory("lms-path-").FullName;
        Program = Path.Combine(Folder, "lms");
        Calls = Path.Combine(Folder, "calls");
        pids = Path.Combine(Folder, "pids");
        Port = FreePort.Next();
        var home = Path.Combine(Folder, ".lmstudio");
        var run = $"'{Dotnet}' '{Path.Combine(AppContext.BaseDirectory, "lmgateway.dll")}' simulate";
        File.WriteAllText(Program, $"""
            #!/bin/sh
            echo "$*" >>'{Calls}'
            export HOME='{Folder}'
            if [ "$1 $2" = "server start" ] && [ ! -e '{home}' ]; then
              {run} --port {Port} --home '{home}' {string.Join(' ', simulator)} >/dev/null 2>&1 </dev/null &
              echo $! >>'{pids}'
              while [ ! -e '{home}/settings.json' ]; do sleep 0.05; done
            fi
            exec {run} lms "$@"

            """);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Folder { get; }

    public string Program { get; }

    /// <summary>Where LM Studio answers once it runs.</summary>
    public int Port { get; }

    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>A file with each command line that the program was given.</summary>
    public string Calls { get; }

    private static string Dotnet => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    public void Dispose()
    {
        foreach (var line in File.Exists(pids) ? File.ReadAllLines(pids) : [])
        {
            try
            {
                using var process = Process.GetProcessById(int.Parse(line, CultureInfo.InvariantCulture));
                process.Kill(entireProcessTree: true);
                process.WaitForExit(30_000);
            }
            catch (ArgumentException)
            {
                // It has ended by itself.
            }
        }

        Directory.Delete(Folder, recursive: true);
    }
}
