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
        var error = await Assert.ThrowsAsync<LmsException>(
            () => new LmsCli(new LmsCliOptions { Program = lms.Program, CommandTimeout = TimeSpan.FromSeconds(2) }).GetVersionAsync());
        Assert.Equal(LmsFailure.TimedOut, error.Failure);
        await AssertGoneAsync(lms);
    }

    [Fact]
    public async Task A_caller_who_leaves_ends_the_program()
    {
        using var lms = new FakeLms(("'version --json'", "sleep 600 & echo $! > \"$0.child\"; wait"));
        using var leaving = new CancellationTokenSource();
        var call = new LmsCli(new LmsCliOptions { Program = lms.Program }).GetVersionAsync(leaving.Token);
        await UntilAsync(() => File.Exists(lms.Program + ".child") && File.ReadAllText(lms.Program + ".child").EndsWith('\n'));
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
        using var lms = new FakeLms(("'get x '*", "for i in 1 2 3 4 5 6; do sleep 0.5; printf '\\r%s0.00%% | %s00.00 KB / 1.00 MB | 1.00 MB/s | ETA 00:01 ' $i $i; done"));
        var progress = new EventList<LmsDownloadProgress>();
        await new LmsCli(new LmsCliOptions { Program = lms.Program, Server = Server, IdleTimeout = TimeSpan.FromSeconds(2.5) }).GetAsync("x", progress);
        Assert.Equal([10, 20, 30, 40, 50, 60], progress.Items.Select(item => item.Percent));
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

    private static async Task AssertGoneAsync(FakeLms lms)
    {
        var child = int.Parse(await File.ReadAllTextAsync(lms.Program + ".child"));
        await UntilAsync(() => !IsRunning(child));
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

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition()) await Task.Delay(10, limit.Token);
    }
}
