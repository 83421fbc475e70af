using System.Xml.Linq;
using LmGateway.Cli.Daemon;
using Xunit;

namespace LmGateway.Tests.Cli.Daemon;

/// <summary>What would be written and run on each system.</summary>
public sealed class DaemonPlansTests
{
    private static readonly DaemonOrder Order = new(["/opt/lm gateway/lmgateway"], ["--set", "node=100% \"me\" & you", "--port", "8002"], IsForMachine: false) { Home = "/home/me" };

    [Fact]
    public void A_machines_unit_runs_as_a_user_of_its_own_and_keeps_its_state()
    {
        var plan = DaemonPlans.Of(DaemonKind.Systemd, Order with { IsForMachine = true });
        Assert.Equal("/etc/systemd/system/lmgateway.service", plan.File!.Path);
        foreach (var line in new[] { "DynamicUser=yes", "StateDirectory=lmgateway", "Environment=LMGATEWAY_STATE_DIR=%S/lmgateway", "WantedBy=multi-user.target", "Restart=on-failure" })
            Assert.Contains($"\n{line}\n", plan.File.Text, StringComparison.Ordinal);
        Assert.Equal(["systemctl daemon-reload", "systemctl enable --now lmgateway.service"], plan.Install.Select(command => command.ToString()));
    }

    [Fact]
    public void Words_reach_the_program_as_they_were_written()
    {
        var unit = DaemonPlans.Of(DaemonKind.Systemd, Order).File!.Text;
        Assert.Contains("""ExecStart="/opt/lm gateway/lmgateway" serve --set "node=100%% \"me\" & you" --port 8002""", unit, StringComparison.Ordinal);

        var plist = DaemonPlans.Of(DaemonKind.Launchd, Order).File!.Text;
        var words = XDocument.Parse(plist[plist.IndexOf("<plist", StringComparison.Ordinal)..]).Descendants("array").Single().Elements("string").Select(word => word.Value);
        Assert.Equal(Order.CommandLine, words);
    }

    [Theory]
    [InlineData(false, "/home/me/Library/LaunchAgents/io.lmgateway.plist")]
    [InlineData(true, "/Library/LaunchDaemons/io.lmgateway.plist")]
    public void Launchd_gets_a_property_list_that_starts_it_and_keeps_it(bool isForMachine, string path)
    {
        var plan = DaemonPlans.Of(DaemonKind.Launchd, Order with { IsForMachine = isForMachine });
        Assert.Equal(path, plan.File!.Path);
        Assert.Contains(DaemonPlan.Mark, plan.File.Text, StringComparison.Ordinal);
        Assert.Contains("<key>RunAtLoad</key><true/>", plan.File.Text, StringComparison.Ordinal);
        Assert.Equal([$"launchctl unload {path}", $"launchctl load -w {path}"], plan.Install.Select(command => command.ToString()));
    }

    [Fact]
    public void Windows_is_told_the_command_in_one_word_and_starts_it_again_after_a_failure()
    {
        var plan = DaemonPlans.Of(DaemonKind.Windows, Order with { Program = [@"C:\Program Files\lmgateway\lmgateway.exe"], Arguments = ["--port", "8002"] });
        Assert.Null(plan.File);
        var create = plan.Install[0].Words;
        Assert.Equal(["sc.exe", "create", "lmgateway", "binPath=", "\"C:\\Program Files\\lmgateway\\lmgateway.exe\" serve --port 8002", "start=", "auto", "DisplayName=", "LmGateway"], create);
        Assert.Contains(plan.Install, command => command.Words is [_, "failure", ..]);
        Assert.Equal(["sc.exe stop lmgateway", "sc.exe delete lmgateway"], plan.Uninstall.Select(command => command.ToString()));
    }
}
