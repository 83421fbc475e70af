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
}
