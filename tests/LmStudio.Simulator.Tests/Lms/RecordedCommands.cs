using System.Globalization;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.Tests.WebSockets;
using Xunit;

namespace LmStudio.Simulator.Tests.Lms;

/// <summary>The recorded calls, run once in an order that brings about the state that each was recorded in.</summary>
public sealed class RecordedCommands : IAsyncLifetime
{
    private readonly Dictionary<string, LmsRun> _runs = [];

    /// <summary>The names that the recorded calls had where the simulator uses others.</summary>
    internal Dictionary<string, string> Stand { get; } = [];

    internal LmsRun this[string recording] => _runs[recording];

    public async ValueTask InitializeAsync()
    {
        using var nowhere = new UserHome();
        Stand["/home/user"] = nowhere.Path;
        await RunWithoutAppAsync(nowhere);
        await using var simulator = await RunningSimulator.StartAsync(RunningSimulator.Fast with { LoadTime = TimeSpan.FromMilliseconds(20), DownloadTime = TimeSpan.FromMilliseconds(50) });
        using var home = new UserHome().Finding(simulator.Port, simulator.Studio.Models.Root);
        Stand["12345"] = simulator.Port.ToString(CultureInfo.InvariantCulture);
        Stand["29438"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        await RunServerAsync(home, simulator.Port);
        await RunModelsAsync(home);
        await RunDownloadsAsync(home);
        await RunEndAsync(home, simulator.Studio);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task RunWithoutAppAsync(UserHome home)
    {
        await RunAsync(home, "00-server-status-json-down", "server status --json");
        await RunAsync(home, "01-server-status-down", "server status");
        await RunAsync(home, "02-server-stop-down", "server stop");
        await RunAsync(home, "03-daemon-status-json-down", "daemon status --json");
        await RunAsync(home, "04-daemon-down-down", "daemon down");
        await RunAsync(home, "05-ps-json-down", "ps --json");
        await RunAsync(home, "42-version-json", "version --json");
        await RunAsync(home, "44-import-dry", $"import {home.File("package.json")} --user-repo a/b --copy --dry-run -y");
        await RunAsync(home, "45-import-noyes-move", $"import {home.File("package.json")} --user-repo a/b -y --dry-run");
        await RunAsync(home, "46-import-nofile", "import /nope.gguf");
        await RunAsync(home, "47-unknown-cmd", "frobnicate");
        await RunAsync(home, "52-remote-bad", "ps --json --host 127.0.0.1 --port 9");
    }

    private async Task RunServerAsync(UserHome home, int port)
    {
        await RunAsync(home, "10-daemon-status-json", "daemon status --json");
        await RunAsync(home, "11-daemon-up-json", "daemon up --json");
        await RunAsync(home, "12-daemon-up", "daemon up");
        await RunAsync(home, "13-server-start", $"server start --port {port}");
        await RunAsync(home, "14-server-status-json", "server status --json");
        await RunAsync(home, "15-server-status", "server status");
        await RunAsync(home, "16-server-status-json-quiet", "server status --json --quiet");
        await RunAsync(home, "43-runtime-ls", "runtime ls");
        await RunAsync(home, "48-status", "status");
        await RunAsync(home, "51-remote", $"ps --json --host 127.0.0.1 --port {port}");
    }

    private async Task RunModelsAsync(UserHome home)
    {
        await RunAsync(home, "17-ls-json", "ls --json");
        await RunAsync(home, "18-ls", "ls");
        await RunAsync(home, "19-ls-llm-json", "ls --llm --json");
        await RunAsync(home, "20-ls-variants-json", "ls --variants --json");
        await RunAsync(home, "21-ls-key-json", "ls qwen/qwen3-4b --json");
        await RunAsync(home, "22-ps-json-empty", "ps --json");
        await RunAsync(home, "23-ps-empty", "ps");
        await RunAsync(home, "24-load-missing", "load does-not-exist -y");
        await RunAsync(home, "25-load-missing-noyes", "load does-not-exist");
        await RunAsync(home, "26-load", "load qwen/qwen3-4b -y --identifier my-id --gpu 0.5 --context-length 8192 --ttl 600 --parallel 2");
        await RunAsync(home, "27-load-dup", "load qwen/qwen3-4b -y --identifier my-id");
        await RunAsync(home, "28-load-estimate", "load qwen/qwen3-4b -y --estimate-only --context-length 4096 --gpu max");
        await RunAsync(home, "29-load-emb", "load text-embedding-nomic-embed-text-v1.5 -y");
        await RunAsync(home, "30-ps-json", "ps --json");
        await RunAsync(home, "31-ps", "ps");
        await RunAsync(home, "32-load-badgpu", "load qwen/qwen3-4b -y --gpu 3");
        await RunAsync(home, "33-unload-missing", "unload nope");
        await RunAsync(home, "34-unload", "unload my-id");
        await RunAsync(home, "35-unload-all", "unload --all");
        await RunAsync(home, "36-unload-none", "unload");
    }

    private async Task RunDownloadsAsync(UserHome home)
    {
        await RunAsync(home, "38-get-hf-badquant", "get https://huggingface.co/Qwen/Qwen3-4B-GGUF@Q9_X -y");
        await RunAsync(home, "37-get-hf", "get https://huggingface.co/Qwen/Qwen3-4B-GGUF@Q4_K_M -y");
        await RunAsync(home, "39-get-artifact", "get openai/gpt-oss-20b --yes");
        await RunAsync(home, "40-get-staff-none", "get somethingfuzzy --yes");
        await RunAsync(home, "41-get-noyes-notty", "get https://huggingface.co/Qwen/Qwen3-4B-GGUF@Q8_0");
    }

    private async Task RunEndAsync(UserHome home, SimulatedLmStudio studio)
    {
        using var enough = new CancellationTokenSource();
        using var output = new FirstLine(enough);
        using var error = new StringWriter();
        var invocation = new Simulator.Lms.LmsInvocation { Arguments = ["log", "stream", "--source", "server", "--json"], Output = output, Error = error, Environment = new Dictionary<string, string> { ["HOME"] = home.Path } };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Simulator.Lms.LmsProgram.RunAsync(invocation, enough.Token));
        _runs["49-log"] = new LmsRun(output.ToString(), error.ToString(), 0);
        await RunAsync(home, "50-server-stop", "server stop");
        Assert.False(studio.HttpServerRunning);
        await RunAsync(home, "53-daemon-down", "daemon down");
    }

    private async Task RunAsync(UserHome home, string recording, string command) =>
        _runs[recording] = await LmsRun.OfAsync(home.Path, TestContext.Current.CancellationToken, command.Split(' '));

    /// <summary>Ends the command after its first line.</summary>
    private sealed class FirstLine(CancellationTokenSource enough) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            enough.Cancel();
        }
    }
}
