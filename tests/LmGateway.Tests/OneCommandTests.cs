using System.Diagnostics;
using Xunit;

namespace LmGateway.Tests;

/// <summary>One command runs every test there is.</summary>
public sealed class OneCommandTests
{
    [Fact]
    [Trait("req", "S1-60")]
    public void The_test_command_runs_every_suite()
    {
        var command = Path.Combine(Repository.Root, "test");
        var script = File.ReadAllText(command);

        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(command).HasFlag(UnixFileMode.UserExecute));
        foreach (var project in Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*.Tests.csproj", SearchOption.AllDirectories))
            Assert.Contains(Path.GetFileNameWithoutExtension(project), script);
        Assert.Matches("cd tests/clients && .*node --test", script);
    }

    [Theory]
    [InlineData("test", null, null, "test: the .NET 10 SDK is missing: 'dotnet' is not on PATH. Get it from https://dot.net")]
    [InlineData("test", "8.0.404", null, "test: the .NET 10 SDK is missing (global.json says which); there is: 8.0.404. Get it from https://dot.net")]
    [InlineData("test", "10.0.100", null, "test: Node.js 20 or newer is missing: 'node' is not on PATH (the official JavaScript clients are part of the tests). Get it from https://nodejs.org")]
    [InlineData("test", "10.0.100", "18.19.0", "test: Node.js 20 or newer is needed, found v18.19.0. Get it from https://nodejs.org")]
    [InlineData("scripts/publish", null, null, "publish: the .NET 10 SDK is missing: 'dotnet' is not on PATH. Get it from https://dot.net")]
    [InlineData("scripts/publish", "8.0.404", null, "publish: the .NET 10 SDK is missing (global.json says which); there is: 8.0.404. Get it from https://dot.net")]
    public async Task What_is_missing_to_build_is_named_with_where_to_get_it(string script, string? sdk, string? node, string message)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The script is bash's.");
        var programs = Directory.CreateTempSubdirectory("lmgateway-programs-");
        try
        {
            foreach (var name in new[] { "dirname", "sed", "paste", "tr" }) File.CreateSymbolicLink(Path.Combine(programs.FullName, name), $"/usr/bin/{name}");
            // An SDK that is not the one of global.json lists itself, and refuses everything else.
            if (sdk is not null) Write("dotnet", $"""case "$1" in --list-sdks) echo "{sdk} [/usr/share/dotnet/sdk]" ;; *) exit {(sdk.StartsWith("10", StringComparison.Ordinal) ? 0 : 155)} ;; esac""");
            if (node is not null) Write("node", $"""case "$1" in -p) echo {node.Split('.')[0]} ;; *) echo v{node} ;; esac""");
            if (node is not null) Write("npm", "exit 0");
            var start = new ProcessStartInfo("/bin/bash", [Path.Combine(Repository.Root, script)]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment.Clear();
            start.Environment["PATH"] = programs.FullName;
            using var process = Process.Start(start)!;
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal((1, message), (process.ExitCode, (await errors).Trim()));
            Assert.Equal(script == "test" ? "0 passed, 1 failed" : "", (await output).Trim());
        }
        finally
        {
            programs.Delete(recursive: true);
        }

        void Write(string name, string script)
        {
            var file = Path.Combine(programs.FullName, name);
            File.WriteAllText(file, $"#!/bin/bash\n{script}\n");
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }
}
