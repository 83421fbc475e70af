using System.Runtime.InteropServices;
using System.Text.Json;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Reload;

/// <summary>The real program reads its configuration again when it is told to, and says what came of it.</summary>
public sealed class ReloadProcessTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("lmgateway-test-");
    private SimulatorServer? simulator;

    private string ConfigFile => Path.Combine(folder.FullName, "gateway.yaml");

    public async ValueTask InitializeAsync() => simulator = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 0 });

    public async ValueTask DisposeAsync()
    {
        await simulator!.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_hang_up_signal_reads_it_again_and_a_bad_one_is_told_of_as_at_the_start()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("There is no such signal.");
        await WriteAsync("scheduling: {queue_limit: 5}");
        await using var program = await GatewayProcess.StartAsync(folder.FullName, "--config", ConfigFile, "--port", "0", "--set", $"lmstudio.base_url={simulator!.Address}", "--set", "nats.url=off");
        program.Signal(PosixSignal.SIGHUP);
        await Eventually.TrueAsync(async () => (await ConfigurationAsync(program)).GetProperty("reloads").GetInt32() == 1, "the signal is heard");

        await WriteAsync("scheduling: {queue_limit: some}\nnode: else");
        await Eventually.TrueAsync(() => program.Errors.Contains("scheduling.queue_limit = \"some\" (", StringComparison.Ordinal), "the log says what is wrong");
        Assert.Contains("what held before still holds", program.Errors, StringComparison.Ordinal);

        await WriteAsync("scheduling: {queue_limit: 6}\nnode: elsewhere");
        await Eventually.TrueAsync(() => program.Errors.Contains("These settings come into force with the next start: node", StringComparison.Ordinal), "the log says what waits");
        Assert.Equal(0, await program.EndAsync(PosixSignal.SIGTERM));
    }

    private async Task WriteAsync(string yaml)
    {
        await File.WriteAllTextAsync(ConfigFile + ".new", yaml);
        File.Move(ConfigFile + ".new", ConfigFile, overwrite: true);
    }

    private static async Task<JsonElement> ConfigurationAsync(GatewayProcess program) =>
        JsonElement.Parse(await program.Http.GetStringAsync("/debug/status")).GetProperty("configuration");
}
