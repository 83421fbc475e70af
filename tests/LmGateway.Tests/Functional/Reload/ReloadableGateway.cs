using System.Text;
using LmGateway.Configuration;
using LmGateway.Reload;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional.Reload;

/// <summary>The whole service with its settings in a file, in front of one simulated LM Studio and beside another.</summary>
internal sealed class ReloadableGateway : IAsyncDisposable
{
    private readonly DirectoryInfo folder;
    private readonly WebApplication app;

    private ReloadableGateway(DirectoryInfo folder, WebApplication app, SimulatorServer first, SimulatorServer second)
    {
        (this.folder, this.app, First, Second) = (folder, app, first, second);
        Http = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero })
        {
            BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First().Replace("[::]", "127.0.0.1", StringComparison.Ordinal)),
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    public HttpClient Http { get; }

    public SimulatorServer First { get; }

    public SimulatorServer Second { get; }

    public IServiceProvider Services => app.Services;

    public LiveSettings Settings => Services.GetRequiredService<LiveSettings>();

    private string File => Path.Combine(folder.FullName, SettingsFiles.FileName);

    /// <param name="yaml">The file, in which <c>FIRST</c> and <c>SECOND</c> stand for the addresses of the two.</param>
    /// <param name="simulate">Changes the settings of both.</param>
    /// <param name="given">Settings of the command line.</param>
    public static async Task<ReloadableGateway> StartAsync(string yaml = "", Func<SimulatorOptions, SimulatorOptions>? simulate = null, params IReadOnlyList<GivenSetting> given)
    {
        var simulated = new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 0 };
        var (first, second) = (await SimulatorServer.StartAsync(simulate?.Invoke(simulated) ?? simulated), await SimulatorServer.StartAsync(simulate?.Invoke(simulated) ?? simulated));
        var place = Directory.CreateTempSubdirectory("lmgateway-test-");
        await System.IO.File.WriteAllTextAsync(Path.Combine(place.FullName, SettingsFiles.FileName), Fill(yaml, first, second));
        var origin = SettingsOrigin.Of(new SettingsPlaces
        {
            WorkingFolder = place.FullName,
            Environment = new Dictionary<string, string> { ["HOME"] = place.FullName, ["LMGATEWAY_NATS__URL"] = "off" },
            CommandLine = [new("listen.port", "0", "--port"), new("state_dir", place.FullName, "--set"), new("lmstudio.models_dir", first.State.Models.Root, "--set"), .. given],
        });
        var loaded = origin.Load(origin.AtStart);
        Assert.Empty(loaded.Errors);
        var started = GatewayHost.Build(loaded.Options, TimeProvider.System, origin);
        await started.StartAsync();
        return new ReloadableGateway(place, started, first, second);
    }

    /// <summary>Writes the file as an editor does: beside it, and then in its place.</summary>
    public async Task WriteAsync(string yaml)
    {
        var beside = File + ".new";
        await System.IO.File.WriteAllTextAsync(beside, Fill(yaml, First, Second));
        System.IO.File.Move(beside, File, overwrite: true);
    }

    public void Remove() => System.IO.File.Delete(File);

    /// <summary>Writes the file and reads it, as a signal does.</summary>
    public async Task<ReloadOutcome> ReloadAsync(string yaml)
    {
        await WriteAsync(yaml);
        return await Services.GetRequiredService<ConfigurationReload>().ReloadAsync(TestContext.Current.CancellationToken);
    }

    public async Task<(int Status, string Body)> GetAsync(string path, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (key is not null) request.Headers.Add("X-API-Key", key);
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async Task<(int Status, string Body)> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public Task<(int Status, string Body)> ChatAsync(string model = GatewayUnderTest.Chat, string more = "") => PostAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(model, "count to 5", more));

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        await First.DisposeAsync();
        await Second.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static string Fill(string yaml, SimulatorServer first, SimulatorServer second)
    {
        var text = yaml.Replace("SECOND", second.Address.ToString().TrimEnd('/'), StringComparison.Ordinal).Replace("FIRST", first.Address.ToString().TrimEnd('/'), StringComparison.Ordinal);
        if (!text.Contains("log:", StringComparison.Ordinal)) text += "\nlog: {level: error}\n";
        return text.Contains("base_url", StringComparison.Ordinal) || text.Contains("backends:", StringComparison.Ordinal) ? text : $"{text}\nlmstudio: {{base_url: {first.Address}}}\n";
    }
}
