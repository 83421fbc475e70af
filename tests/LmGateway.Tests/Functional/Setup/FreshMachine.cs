using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using LmGateway.Tests.Functional.Provider;
using Xunit;

namespace LmGateway.Tests.Functional.Setup;

/// <summary>A machine to set up: an empty home, free ports, and LM Studio only where it is put.</summary>
internal sealed class FreshMachine : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public string Home { get; } = Directory.CreateTempSubdirectory("lmgateway-machine-").FullName;

    /// <summary>Where the script writes.</summary>
    public string Folder => Path.Combine(Home, "gateway");

    public int LmStudioPort { get; } = FreePort.Next();

    public int NatsPort { get; } = FreePort.Next();

    public FreshMachine() => Assert.SkipUnless(OperatingSystem.IsLinux(), "The script is tested on Linux.");

    /// <summary>Puts the program lms of LM Studio there: it notes what it is asked, and its server is a simulator.</summary>
    public async Task InstallLmStudioAsync()
    {
        var lms = Path.Combine(Directory.CreateDirectory(Path.Combine(Home, ".lmstudio", "bin")).FullName, "lms");
        await File.WriteAllTextAsync(
            lms,
            $"""
            #!/bin/bash
            echo "$*" >> '{Calls}'
            case "$*" in
              *--background*) echo "error: unknown option '--background'" >&2; exit 1 ;;
              "server start"*) nohup '{ProgramUnderTest.Executable}' simulate --port "$4" >/dev/null 2>&1 &
                echo $! >'{LmStudioPid}'
                until (exec 3<>"/dev/tcp/127.0.0.1/$4") 2>/dev/null; do sleep 0.1; done ;;
            esac
            """,
            TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(lms, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    public async Task<string> SetUpAsync(string script = "setup_unix.sh", params string[] arguments)
    {
        string[] all = [Path.Combine(Repository.Root, "scripts", script), "--dir", Folder, "--program", ProgramUnderTest.Executable, "--lmstudio-port", $"{LmStudioPort}", "--nats-port", $"{NatsPort}", .. arguments];
        var environment = new Dictionary<string, string> { ["HOME"] = Home, ["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath)! };
        var (code, said) = await RunAsync("bash", all, environment);
        Assert.True(code == 0, said);
        return said;
    }

    public async Task<string[]> LmsCallsAsync() => File.Exists(Calls) ? await File.ReadAllLinesAsync(Calls, TestContext.Current.CancellationToken) : [];

    public Task<string> ReadAsync(string name) => File.ReadAllTextAsync(Path.Combine(Folder, name), TestContext.Current.CancellationToken);

    /// <summary>A file of the document with this machine's ports in the place of the usual ones.</summary>
    public string WithItsPorts(string text) =>
        text.Replace("1234", $"{LmStudioPort}", StringComparison.Ordinal).Replace("4222", $"{NatsPort}", StringComparison.Ordinal);

    /// <summary>What the script wrote, by name; the NATS server's own store and log are left out.</summary>
    public async Task<SortedDictionary<string, string>> FilesAsync()
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (!Directory.Exists(Folder)) return files;
        foreach (var file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Where(file => !file.Contains("nats_data", StringComparison.Ordinal) && !file.EndsWith(".log", StringComparison.Ordinal)))
            files[file] = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        return files;
    }

    public async Task<bool> AnswersAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public static async Task<(int Code, string Said)> RunAsync(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await output + await errors);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pid in new[] { LmStudioPid, Path.Combine(Folder, "nats-server.pid") }.Where(File.Exists))
        {
            using var server = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(pid), CultureInfo.InvariantCulture));
            server.Kill();
            await server.WaitForExitAsync();
        }

        Directory.Delete(Home, recursive: true);
    }

    private string Calls => Path.Combine(Home, "lms-calls");

    private string LmStudioPid => Path.Combine(Home, "lmstudio.pid");
}
