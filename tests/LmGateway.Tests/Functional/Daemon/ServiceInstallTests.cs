using System.Text.Json;
using LmGateway.Tests.Functional.Doctor;
using LmGateway.Tests.Functional.Provider;
using Xunit;

namespace LmGateway.Tests.Functional.Daemon;

/// <summary>
/// <c>lmgateway service</c> with a program in the place of <c>systemctl</c> that notes what it is asked. The real one, launchd and Windows are
/// not here; for them the plan is shown.
/// </summary>
public sealed class ServiceInstallTests : IDisposable
{
    private readonly DoctoredMachine machine = new();

    public ServiceInstallTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        var programs = Directory.CreateDirectory(Path.Combine(machine.Home, "bin")).FullName;
        var systemctl = Path.Combine(programs, "systemctl");
        File.WriteAllText(
            systemctl,
            $"""
            #!/bin/bash
            echo "$*" >>'{Calls}'
            case "$*" in
              *is-active*) [ -e '{machine.Home}/active' ] && echo active || exit 3 ;;
              *enable*--now*) [ -e '{machine.Home}/refuses' ] && echo "Failed to connect to bus: No medium found" >&2 && exit 1; touch '{machine.Home}/active' ;;
              *disable*) rm -f '{machine.Home}/active' ;;
            esac
            """);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(systemctl, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        machine.Set("PATH", $"{programs}:/usr/bin:/bin");
    }

    private string Calls => Path.Combine(machine.Home, "calls");

    private string Unit => Path.Combine(machine.Home, ".config", "systemd", "user", "lmgateway.service");

    public void Dispose() => machine.Dispose();

    [Fact]
    public async Task It_is_installed_for_the_user_started_told_and_removed_without_a_trace()
    {
        var (code, output, errors) = await machine.RunAsync("service", "install", "--", "--port", "8002", "--set", "node=my desk");
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("Installed with systemd (this user's) and started.", output, StringComparison.Ordinal);
        var unit = await File.ReadAllTextAsync(Unit, TestContext.Current.CancellationToken);
        Assert.Contains($"ExecStart={ProgramUnderTest.Executable} serve --port 8002 --set \"node=my desk\"\n", unit, StringComparison.Ordinal);
        Assert.Contains("WantedBy=default.target", unit, StringComparison.Ordinal);
        Assert.Equal(["--user daemon-reload", "--user enable --now lmgateway.service"], await CallsAsync());

        var status = await machine.RunAsync("service", "status");
        var told = await machine.RunAsync("service", "status", "--json");
        Assert.Equal(("", true, true, Unit), (told.Errors, Flag(told.Output, "installed"), Flag(told.Output, "running"), JsonElement.Parse(told.Output).GetProperty("file").GetString()));
        Assert.Equal((0, $"Installed with systemd (this user's) ({Unit}), running.\n"), (status.Code, status.Output));

        Assert.Equal(0, (await machine.RunAsync("service", "uninstall")).Code);
        Assert.False(File.Exists(Unit));
        Assert.Equal(["--user disable --now lmgateway.service", "--user daemon-reload"], (await CallsAsync())[^2..]);
        var gone = await machine.RunAsync("service", "status");
        Assert.Equal((1, "Not installed with systemd (this user's).\n"), (gone.Code, gone.Output));
    }

    [Fact]
    public async Task Installed_twice_it_is_there_once_and_uninstalled_twice_it_is_gone()
    {
        await machine.RunAsync("service", "install");
        var first = await File.ReadAllTextAsync(Unit, TestContext.Current.CancellationToken);
        var again = await machine.RunAsync("service", "install", "--json");
        Assert.Equal((0, ""), (again.Code, again.Errors));
        Assert.Equal("unchanged", JsonElement.Parse(again.Output).GetProperty("steps")[0].GetProperty("did").GetString());
        Assert.Equal(first, await File.ReadAllTextAsync(Unit, TestContext.Current.CancellationToken));
        Assert.Equal(0, (await machine.RunAsync("service", "uninstall")).Code);
        var nothing = await machine.RunAsync("service", "uninstall");
        var none = await machine.RunAsync("service", "uninstall", "--json");
        Assert.Equal((0, "", false), (none.Code, none.Errors, Flag(none.Output, "uninstalled")));
        Assert.Equal((0, "It is not installed; nothing to do.\n"), (nothing.Code, nothing.Output));
    }

    [Fact]
    public async Task A_unit_of_somebody_else_is_neither_overwritten_nor_removed()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Unit)!);
        await File.WriteAllTextAsync(Unit, "[Service]\nExecStart=/bin/true\n", TestContext.Current.CancellationToken);
        foreach (var verb in new[] { "install", "uninstall" })
        {
            var (code, _, errors) = await machine.RunAsync("service", verb);
            Assert.Equal(1, code);
            Assert.Contains("was not written by this program", errors, StringComparison.Ordinal);
        }

        Assert.Equal("[Service]\nExecStart=/bin/true\n", await File.ReadAllTextAsync(Unit, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(Calls));
    }

    [Fact]
    public async Task A_rehearsal_shows_the_file_and_the_commands_and_does_nothing()
    {
        var planned = await machine.RunAsync("service", "install", "--dry-run", "--json");
        Assert.Equal((0, "", false, true), (planned.Code, planned.Errors, Flag(planned.Output, "installed"), Flag(planned.Output, "dryRun")));
        var (code, output, _) = await machine.RunAsync("service", "install", "--dry-run");
        Assert.Equal(0, code);
        Assert.Contains($"would write: {Unit}", output, StringComparison.Ordinal);
        Assert.Contains("[Unit]", output, StringComparison.Ordinal);
        Assert.Contains("would run: systemctl --user enable --now lmgateway.service", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Unit));
        Assert.False(File.Exists(Calls));
    }

    [Fact]
    public async Task A_manager_that_refuses_is_quoted_with_what_to_do()
    {
        await File.WriteAllTextAsync(Path.Combine(machine.Home, "refuses"), "", TestContext.Current.CancellationToken);
        var (code, output, errors) = await machine.RunAsync("service", "install", "--json");
        Assert.Equal(1, code);
        Assert.Contains("Failed to connect to bus", JsonElement.Parse(output).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("--system", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_without_the_manager_is_told_so()
    {
        machine.Set("PATH", machine.Home);
        var (code, _, errors) = await machine.RunAsync("service", "install");
        Assert.Equal(1, code);
        Assert.Contains("systemctl is not on the PATH", errors, StringComparison.Ordinal);
        Assert.Contains("lmgateway serve", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Unit));
    }

    private static bool Flag(string output, string name) => JsonElement.Parse(output).GetProperty(name).GetBoolean();

    private async Task<string[]> CallsAsync() => await File.ReadAllLinesAsync(Calls, TestContext.Current.CancellationToken);
}
