using System.Diagnostics;
using LmStudio.Client.Cli;
using LmStudio.Client.Tests.Servers;
using Xunit;

namespace LmStudio.Client.Tests.Cli;

public sealed class LmsProcessTests
{
    private static readonly Uri Server = new("http://127.0.0.1:41343");

    [Fact]
    public async Task A_program_that_hangs_is_killed_with_its_children_at_the_deadline()
    {
        using var lms = new FakeLms(("'version --json'", "sleep 600 & echo $! > \"$0.child\"; wait"));
        var time = new ManualTime();
        var call = new LmsCli(new LmsCliOptions { Program = lms.Program, TimeProvider = time }).GetVersionAsync();
        await Eventually.HoldsAsync(() => ChildOf(lms) is not null);
        time.Advance(TimeSpan.FromSeconds(60));
        var error = await Assert.ThrowsAsync<LmsException>(() => call);
        Assert.Equal(LmsFailure.TimedOut, error.Failure);
        await AssertGoneAsync(lms);
    }

    [Fact]
    public async Task A_caller_who_leaves_ends_the_program()
    {
        using var lms = new FakeLms(("'version --json'", "sleep 600 & echo $! > \"$0.child\"; wait"));
        using var leaving = new CancellationTokenSource();
        var call = new LmsCli(new LmsCliOptions { Program = lms.Program }).GetVersionAsync(leaving.Token);
        await Eventually.HoldsAsync(() => ChildOf(lms) is not null);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await AssertGoneAsync(lms);
    }

    [Fact]
    public async Task Standard_input_is_closed_and_colours_are_off()
    {
        using var lms = new FakeLms(("'version --json'", "if read line; then exit 9; fi; echo \"{\\\"version\\\":\\\"$NO_COLOR$FORCE_COLOR\\\"}\""));
        Assert.Equal("10", await new LmsCli(new LmsCliOptions { Program = lms.Program }).GetVersionAsync());
    }

    [Fact]
    public async Task Output_keeps_a_long_download_alive()
    {
        using var lms = new FakeLms(("'get x '*", """
            for i in 1 2 3 4 5 6; do
              printf '\r%s0.00%% | %s00.00 KB / 1.00 MB | 1.00 MB/s | ETA 00:01 ' $i $i
              while [ ! -f "$0.$i" ]; do sleep 0.01; done
            done
            """));
        var time = new ManualTime();
        var options = new LmsCliOptions { Program = lms.Program, Server = Server, TimeProvider = time };
        var steps = new List<double>();
        await new LmsCli(options).GetAsync("x", new Steps(step =>
        {
            steps.Add(step.Percent);
            time.Advance(options.IdleTimeout * 0.6);
            File.WriteAllText($"{lms.Program}.{steps.Count}", "");
        }));
        Assert.Equal([10, 20, 30, 40, 50, 60], steps);
    }

    [Fact]
    public async Task A_program_that_is_missing_or_cannot_run_is_not_installed()
    {
        using var lms = new FakeLms();
        var missing = new LmsCli(new LmsCliOptions { Program = lms.Program + ".not" });
        Assert.Null(missing.FindProgram());
        Assert.Equal(LmsFailure.NotInstalled, (await Assert.ThrowsAsync<LmsException>(() => missing.GetVersionAsync())).Failure);

        File.SetUnixFileMode(lms.Program, UnixFileMode.UserRead);
        var error = await Assert.ThrowsAsync<LmsException>(() => new LmsCli(new LmsCliOptions { Program = lms.Program }).GetVersionAsync());
        Assert.Equal(LmsFailure.NotInstalled, error.Failure);
    }

    [Fact]
    public void The_program_is_found_in_the_home_folder()
    {
        using var lms = new FakeLms();
        var home = Directory.CreateTempSubdirectory("home");
        Directory.CreateDirectory(Path.Combine(home.FullName, "bin"));
        File.Copy(lms.Program, Path.Combine(home.FullName, "bin", "lms"));
        Assert.Equal(Path.Combine(home.FullName, "bin", "lms"), new LmsCli(new LmsCliOptions { HomeFolder = home.FullName }).FindProgram());
        home.Delete(recursive: true);
    }

    [Fact]
    public async Task LM_Studio_is_not_woken_unasked()
    {
        using var lms = new FakeLms(("'ps --json'", "echo '[]'"));
        await using var server = await ScriptedServer.StartAsync();
        server.Routes["GET /lmstudio-greeting"] = context =>
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        };
        var home = Directory.CreateTempSubdirectory("home");
        Directory.CreateDirectory(Path.Combine(home.FullName, ".internal"));
        await File.WriteAllTextAsync(Path.Combine(home.FullName, ".internal", "http-server.json"), $$"""{"port":{{server.Address.Port}}}""");
        var options = new LmsCliOptions { Program = lms.Program, HomeFolder = home.FullName };

        var error = await Assert.ThrowsAsync<LmsException>(() => new LmsCli(options).ListLoadedAsync());
        Assert.Equal(LmsFailure.NotRunning, error.Failure);
        Assert.Empty(lms.Calls);

        Assert.Empty(await new LmsCli(options with { MayStartLmStudio = true }).ListLoadedAsync());
        server.Routes.Clear();
        Assert.Empty(await new LmsCli(options).ListLoadedAsync());
        Assert.Equal(["ps --json", "ps --json"], lms.Calls);
        home.Delete(recursive: true);
    }

    /// <summary>The process that the program started, once it has written its number down.</summary>
    private static int? ChildOf(FakeLms lms) =>
        File.Exists(lms.Program + ".child") && File.ReadAllText(lms.Program + ".child") is var text && text.EndsWith('\n') ? int.Parse(text) : null;

    private static async Task AssertGoneAsync(FakeLms lms)
    {
        var child = ChildOf(lms)!.Value;
        await Eventually.HoldsAsync(() => !IsRunning(child));
    }

    private static bool IsRunning(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            // A killed child of a killed parent may stay as a zombie until it is reaped.
            return !process.HasExited && !File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException)
        {
            return false;
        }
    }

    private sealed class Steps(Action<LmsDownloadProgress> step) : IProgress<LmsDownloadProgress>
    {
        public void Report(LmsDownloadProgress value) => step(value);
    }
}
