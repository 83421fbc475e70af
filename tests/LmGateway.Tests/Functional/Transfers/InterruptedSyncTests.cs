using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;
using static LmGateway.Tests.Functional.Transfers.PullTests;

namespace LmGateway.Tests.Functional.Transfers;

/// <summary>
/// A large object is copied while the server is killed three times and the service once, each with a good part on its way. Proxies let
/// through only so much at each stage, so that every blow falls in the middle.
/// </summary>
public sealed class InterruptedSyncTests : IDisposable
{
    private const string Name = "acme/giant-GGUF/giant-Q4_K_M.gguf";
    private const long Enough = 8L << 30;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("lmgateway-giant-");

    private string Target => Path.Combine(folder.FullName, "models", Name);

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    [Trait("req", "S0-47")]
    public Task Sixty_four_megabytes_arrive_over_three_deaths_of_the_server_and_one_of_the_service() => RunAsync(64L << 20);

    [Fact]
    [Trait("run", "long")]
    [Trait("req", "S0-47")]
    public Task Two_gigabytes_arrive_over_three_deaths_of_the_server_and_one_of_the_service()
    {
        Assert.SkipWhen(new DriveInfo(folder.FullName).AvailableFreeSpace < Enough, "8 GB of free disk are needed.");
        return RunAsync(2L << 30);
    }

    private async Task RunAsync(long size)
    {
        await using var repository = await ModelRepository.StartAsync();
        var digest = await PutAsync(repository, size);
        await using var proxy = new RationedProxy(repository.Server.Port);
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { ModelsDirectory = Path.Combine(folder.FullName, "models"), Stocked = false });
        Directory.CreateDirectory(Path.GetDirectoryName(Target)!);
        using var watch = new NameWatch(Target);

        var stage = new Stage(proxy, this, size);
        await using (var first = await StartAsync(proxy, simulator))
        {
            await BeginAsync(first, proxy);
            await stage.ReachAsync(0.2);
            await repository.Server.RestartAsync();
            await stage.ReachAsync(0.4);
            await repository.Server.RestartAsync();
            await stage.ReachAsync(0.55);
        }       // killed

        var held = Held();
        await using var second = await StartAsync(proxy, simulator);
        var id = await BeginAsync(second, proxy);
        await stage.ReachAsync(0.8);
        await repository.Server.RestartAsync();
        proxy.AllowUpTo(long.MaxValue);
        var job = await EndAsync(second, id);

        Assert.True(Text(job, "state") == "done", job.GetRawText());
        Assert.InRange(job.GetProperty("result").GetProperty("resumed").GetInt64(), held, size);
        Assert.Equal((size, digest), (new FileInfo(Target).Length, await DigestAsync(Target)));
        Assert.Equal([Target], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Target)!));
        watch.AssertNamedOnce();
    }

    /// <summary>How much of the file is there under its hidden name.</summary>
    private long Held() => Directory.EnumerateFiles(Path.GetDirectoryName(Target)!, "*.part").Sum(file => new FileInfo(file).Length);

    private async Task<string> PutAsync(ModelRepository repository, long size)
    {
        var source = Path.Combine(folder.FullName, "source");
        var block = RandomNumberGenerator.GetBytes(1 << 20);
        await using (var file = File.Create(source))
            for (var at = 0L; at < size; at += block.Length)
            {
                BitConverter.TryWriteBytes(block, at);
                await file.WriteAsync(block);
            }

        await using (var content = File.OpenRead(source)) await repository.Store.PutAsync(Name, content);
        var digest = await DigestAsync(source);
        File.Delete(source);
        return digest;
    }

    private static async Task<string> DigestAsync(string file)
    {
        await using var content = File.OpenRead(file);
        return Convert.ToHexString(await SHA256.HashDataAsync(content));
    }

    private Task<GatewayProcess> StartAsync(RationedProxy proxy, SimulatorServer simulator) => GatewayProcess.StartAsync(
        Directory.CreateDirectory(Path.Combine(folder.FullName, "state")).FullName,
        "--port", "0", "--set", $"lmstudio.base_url={simulator.Address}", "--set", $"lmstudio.models_dir={folder.FullName}/models", "--set", $"nats.url={proxy.Url}");

    /// <summary>Asks for the copy once the service has its connection, for which a little must come through.</summary>
    private static async Task<string> BeginAsync(GatewayProcess gateway, RationedProxy proxy)
    {
        JsonElement job = default;
        await Eventually.TrueAsync(async () =>
        {
            proxy.AllowUpTo(proxy.Passed + 64 * 1024);
            using var body = new StringContent($$"""{"objectName":"{{Name}}"}""", Encoding.UTF8, "application/json");
            using var reply = await gateway.Http.PostAsync("/admin/models/sync", body);
            job = JsonElement.Parse(await reply.Content.ReadAsStringAsync());
            await Task.Delay(100);
            job = JsonElement.Parse(await gateway.Http.GetStringAsync($"/admin/jobs/{Text(job, "id")}"));
            return Text(job, "state") == "running" && job.TryGetProperty("total", out _);
        }, "the copy runs");
        return Text(job, "id");
    }

    private static async Task<JsonElement> EndAsync(GatewayProcess gateway, string id)
    {
        JsonElement job = default;
        await Eventually.TrueAsync(async () =>
        {
            job = JsonElement.Parse(await gateway.Http.GetStringAsync($"/admin/jobs/{id}"));
            return Text(job, "state") is not ("queued" or "running");
        }, "the copy ends");
        return job;
    }

    /// <summary>Lets more and more through, until so much of the file is on the disk.</summary>
    private sealed class Stage(RationedProxy proxy, InterruptedSyncTests test, long size)
    {
        private long most;

        public Task ReachAsync(double share) => Eventually.TrueAsync(() =>
        {
            var held = test.Held();
            Assert.True(held >= most, "What has arrived is fetched again.");
            Assert.False(File.Exists(test.Target));
            most = held;
            if (held >= size * share) return true;
            proxy.AllowUpTo(proxy.Passed + (size / 50));
            return false;
        }, $"{share:P0} are there");
    }

    /// <summary>Sees what bears a name, and how it came to it.</summary>
    private sealed class NameWatch : IDisposable
    {
        private readonly FileSystemWatcher watcher;
        private readonly List<string> seen = [];

        public NameWatch(string path)
        {
            watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!, Path.GetFileName(path)) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.Size };
            watcher.Created += (_, change) => Note(change);
            watcher.Changed += (_, change) => Note(change);
            watcher.Renamed += (_, change) => Note(change);
            watcher.EnableRaisingEvents = true;
        }

        public void AssertNamedOnce()
        {
            lock (seen) Assert.Equal(["Renamed"], seen);
        }

        public void Dispose() => watcher.Dispose();

        private void Note(FileSystemEventArgs change)
        {
            lock (seen) seen.Add(change.ChangeType.ToString());
        }
    }
}
