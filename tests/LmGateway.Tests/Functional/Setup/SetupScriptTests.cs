using System.Text.Json;
using LmGateway.Tests.Functional.Provider;
using Xunit;

namespace LmGateway.Tests.Functional.Setup;

/// <summary>The script that sets a Unix machine up, run for real in a home and on ports of its own.</summary>
public sealed class SetupScriptTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "sources", "0-nats-service.md"));

    [Fact]
    [Trait("req", "S0-54")]
    [Trait("req", "S0-55")]
    [Trait("req", "S0-57")]
    [Trait("req", "S0-58")]
    [Trait("req", "S0-60")]
    public async Task It_starts_both_servers_and_writes_the_documents_files_and_both_launchers()
    {
        await using var machine = new FreshMachine();
        await machine.InstallLmStudioAsync();
        var said = await machine.SetUpAsync();
        Assert.Contains("All is there.", said, StringComparison.Ordinal);

        // A present lms has no --background: the script goes on without it.
        Assert.Equal(
            ["bootstrap -y", $"server start --port {machine.LmStudioPort} --background", $"server start --port {machine.LmStudioPort}"],
            await machine.LmsCallsAsync());
        Assert.True(await machine.AnswersAsync(machine.LmStudioPort));
        Assert.True(await machine.AnswersAsync(machine.NatsPort));
        Assert.Equal(machine.WithItsPorts(Fence("hcl")), await machine.ReadAsync("nats-server.conf"));
        Assert.Equal(machine.WithItsPorts(Fence("env")), await machine.ReadAsync(".env"));
        await LauncherServesAsync(machine, "inference-server");
    }

    [Fact]
    [Trait("req", "S0-59")]
    public async Task Run_again_under_its_other_name_it_changes_nothing_and_starts_nothing_twice()
    {
        await using var machine = new FreshMachine();
        await machine.InstallLmStudioAsync();
        await machine.SetUpAsync();
        await File.AppendAllTextAsync(Path.Combine(machine.Folder, ".env"), "# my own\n", TestContext.Current.CancellationToken);
        var (before, calls) = (await machine.FilesAsync(), await machine.LmsCallsAsync());

        var said = await machine.SetUpAsync("setup_host_unix.sh");
        Assert.Contains("All is there.", said, StringComparison.Ordinal);
        Assert.Equal(before, await machine.FilesAsync());
        string[] expected = [.. calls, "bootstrap -y"];
        Assert.Equal(expected, await machine.LmsCallsAsync());
    }

    [Fact]
    [Trait("req", "S0-56")]
    public async Task What_cannot_be_installed_is_named_and_the_rest_is_done()
    {
        await using var machine = new FreshMachine();
        var said = await machine.SetUpAsync();
        var missing = said[said.IndexOf("Still missing:", StringComparison.Ordinal)..];
        Assert.Contains("LM Studio: download it from https://lmstudio.ai", missing, StringComparison.Ordinal);
        Assert.Contains($"lms server start --port {machine.LmStudioPort}", missing, StringComparison.Ordinal);
        Assert.DoesNotContain("nats-server", missing, StringComparison.Ordinal);
        Assert.True(await machine.AnswersAsync(machine.NatsPort));
    }

    [Fact]
    public async Task A_dry_run_says_every_step_and_does_none()
    {
        await using var machine = new FreshMachine();
        await machine.InstallLmStudioAsync();
        var said = await machine.SetUpAsync("setup_unix.sh", "--dry-run");
        Assert.Contains("lms bootstrap -y", said, StringComparison.Ordinal);
        Assert.Contains($"+ lms server start --port {machine.LmStudioPort} --background", said, StringComparison.Ordinal);
        Assert.Contains("+ nats-server -c nats-server.conf", said, StringComparison.Ordinal);
        foreach (var name in new[] { "nats-server.conf", ".env", "bin/lmstudio-nats", "bin/inference-server" }) Assert.Contains($"writes {machine.Folder}/{name}", said, StringComparison.Ordinal);
        Assert.Empty(await machine.FilesAsync());
        Assert.Empty(await machine.LmsCallsAsync());
    }

    [Fact]
    public async Task The_shell_scripts_are_clean()
    {
        var scripts = Directory.GetFiles(Path.Combine(Repository.Root, "scripts"), "*.sh").Append(Path.Combine(Repository.Root, "test")).Append(Path.Combine(Repository.Root, ".ci", "run"));
        var (code, said) = await FreshMachine.RunAsync("shellcheck", [.. scripts], new Dictionary<string, string>());
        Assert.Equal((0, ""), (code, said));
    }

    /// <summary>PowerShell is not at hand: that its steps are those of the Unix script is read, not run.</summary>
    [Theory]
    [Trait("req", "S0-56")]
    [InlineData("'winget' @('install', '-e', '--id', 'ElementLabs.LMStudio', '--accept-source-agreements', '--accept-package-agreements')")]
    [InlineData("'choco' @('install', 'nats-server', '-y')")]
    [InlineData("@('server', 'start', '--port', \"$LmStudioPort\", '--background')")]
    [InlineData("$lms @('bootstrap', '-y')")]
    [InlineData("store_dir: \"./nats_data\"\n  max_memory_store: 1073741824\n  max_file_store:   107374182400\n")]
    [InlineData("# LMSTUDIO_MODELS_DIR=%USERPROFILE%\\.lmstudio\\models")]
    [InlineData("lmstudio-nats.cmd")]
    [InlineData("inference-server.cmd")]
    public void The_Windows_script_has_the_documents_commands(string text) =>
        Assert.Contains(text, File.ReadAllText(Path.Combine(Repository.Root, "scripts", "setup_windows.ps1")), StringComparison.Ordinal);

    private static async Task LauncherServesAsync(FreshMachine machine, string name)
    {
        await using var program = await ProgramUnderTest.StartAsync([Path.Combine(machine.Folder, "bin", name)], new Dictionary<string, string>(), machine.Home);
        Assert.Contains($"LM Studio at http://127.0.0.1:{machine.LmStudioPort} (.env", program.Said, StringComparison.Ordinal);
        var health = JsonElement.Parse(await program.Http.GetStringAsync("/health", TestContext.Current.CancellationToken));
        Assert.True(health.GetProperty("backends")[0].GetProperty("reachable").GetBoolean());
    }

    private static string Fence(string language)
    {
        var block = Document.Split($"```{language}\n")[1].Split("```")[0].Split('\n');
        var indent = block[0].Length - block[0].TrimStart().Length;
        return string.Join('\n', block.Select(line => line.Length >= indent ? line[indent..] : line.Trim()));
    }
}
