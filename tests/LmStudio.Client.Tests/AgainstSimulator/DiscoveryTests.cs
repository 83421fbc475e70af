using LmStudio.Client.Tests.Servers;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

public sealed class DiscoveryTests
{
    [Fact]
    public async Task A_running_LM_Studio_is_found_by_the_files_in_its_home_folder()
    {
        await using var rig = await Rig.StartAsync();
        var home = Directory.CreateTempSubdirectory("lmstudio-home").FullName;
        new LmStudio.Simulator.Lms.LmStudioHome(home).Write(rig.Server.Address.Port, rig.Studio.Models.Root);
        await using (var client = new LmStudioClient(new LmStudioClientOptions { HomeFolder = home }))
        {
            Assert.True(await client.IsReachableAsync());
            Assert.Equal(5, (await client.System.ListDownloadedModelsAsync()).Count);
            Assert.Equal(5, (await client.Rest.ListModelsAsync()).Count);
        }

        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task A_server_is_reachable_as_long_as_it_greets()
    {
        await using var rig = await Rig.StartAsync();
        Assert.True(await rig.Client.IsReachableAsync());
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.Refuse });
        Assert.False(await rig.Client.IsReachableAsync());
        rig.Studio.Faults.Clear();
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.Nonsense, Scope = "/lmstudio-greeting" });
        Assert.False(await rig.Client.IsReachableAsync());
        rig.Studio.Faults.Clear();
        Assert.True(await rig.Client.IsReachableAsync());
    }

    [Theory]
    [InlineData("ws", "")]
    [InlineData("http", "/v1")]
    [InlineData("http", "/api/v0/")]
    [InlineData("http", "/api/v1")]
    public async Task Every_usual_form_of_the_address_works(string scheme, string path)
    {
        await using var rig = await Rig.StartAsync();
        var address = new UriBuilder(rig.Server.Address) { Scheme = scheme, Path = path }.Uri;
        await using var client = new LmStudioClient(rig.Options with { BaseAddress = address });
        Assert.Empty(await client.Llm.ListLoadedAsync());
        Assert.NotEmpty(await client.Rest.ListModelsV0Async());
    }

    [Fact]
    public async Task Namespaces_connect_on_first_use_and_disposing_the_client_closes_them()
    {
        await using var rig = await Rig.StartAsync();
        Assert.Equal(0, rig.Counters.WebSocketConnections);
        await rig.Client.Llm.ListLoadedAsync();
        await rig.Client.Llm.ListLoadedAsync();
        await rig.Client.System.GetVersionAsync();
        Assert.Equal((2, 2), (rig.Counters.WebSocketConnections, rig.Counters.OpenWebSockets));
        await rig.Client.DisposeAsync();
        await Eventually.HoldsAsync(() => rig.Counters.OpenWebSockets == 0);
    }
}
