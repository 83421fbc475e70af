using System.Threading.Channels;
using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

public sealed class SystemTests
{
    [Fact]
    public async Task Version_and_process_are_told()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { AppVersion = "0.4.23" });
        Assert.Equal(new LmStudioVersion("0.4.23", 2), await rig.Client.System.GetVersionAsync());
        Assert.Equal(new LmStudioProcess(Environment.ProcessId, IsDaemon: true, "0.4.23+2"), await rig.Client.System.GetInfoAsync());
        await rig.Client.System.NotifyAsync("title", "text");
    }

    [Fact]
    public async Task The_HTTP_server_is_stopped_and_started_while_models_stay_loaded()
    {
        await using var rig = await Rig.StartAsync();
        await rig.LoadAsync(Rig.Granite);
        await rig.Client.System.StopHttpServerAsync();
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => rig.Client.Rest.ListModelsAsync());
        Assert.Single(await rig.Client.Llm.ListLoadedAsync());
        await rig.Client.System.StartHttpServerAsync(new HttpServerSettings { Port = 1234, Cors = false, NetworkInterface = "127.0.0.1" });
        Assert.Contains(await rig.Client.Rest.ListModelsAsync(), model => model.LoadedInstances.Count == 1);
        await Assert.ThrowsAsync<LmStudioProtocolException>(() => rig.Client.System.StartHttpServerAsync(new HttpServerSettings { Port = 0 }));
    }

    [Fact]
    public async Task A_headless_LM_Studio_ends_when_it_is_asked_to()
    {
        await using var rig = await Rig.StartAsync();
        var ended = rig.Server.WaitForShutdownAsync(TestContext.Current.CancellationToken);
        await rig.Client.System.RequestShutdownAsync();
        await ended.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => rig.Client.Llm.ListLoadedAsync());
    }

    [Fact]
    public async Task Engines_and_hardware_are_surveyed()
    {
        await using var rig = await Rig.StartAsync();
        var engine = Assert.Single(await rig.Client.Runtime.ListEnginesAsync(), engine => engine.ModelFormats.Contains("GGUF"));
        var selection = Assert.Single(await rig.Client.Runtime.GetEngineSelectionsAsync(), selection => selection.ModelFormat == "GGUF");
        Assert.Equal((engine.Name, engine.Version), (selection.Name, selection.Version));
        Assert.True(Assert.Single(await rig.Client.Runtime.SurveyHardwareAsync()).RamBytes > 0);
    }

    [Fact]
    public async Task The_log_tells_of_the_server_and_of_what_goes_into_and_comes_out_of_a_model_until_the_reader_leaves()
    {
        await using var rig = await Rig.StartAsync();
        var model = await rig.LoadAsync(Rig.Granite, "mine");
        using var leaving = new CancellationTokenSource();
        var log = Channel.CreateUnbounded<LogEvent>();
        var reading = ReadAsync();
        Assert.IsType<LogEvent.Server>(await NextAsync());

        Assert.Equal("1, 2, 3", (await rig.Predict(model, "count to 3", new PredictionConfiguration { StopStrings = ["3!"] }).ToListAsync()).Text());
        var input = Assert.IsType<LogEvent.PredictionInput>(await NextAsync());
        Assert.Equal(("<|user|>count to 3", "mine", model.Path), (input.Input, input.ModelIdentifier, input.ModelPath));
        var output = Assert.IsType<LogEvent.PredictionOutput>(await NextAsync());
        Assert.Equal(("1, 2, 3", "mine", 3), (output.Output, output.ModelIdentifier, output.Stats!.PredictedTokensCount));
        Assert.True(output.Timestamp >= input.Timestamp);

        await rig.Client.Rest.ListModelsAsync();
        Assert.Contains("/api/v1/models", Assert.IsType<LogEvent.Server>(await NextAsync()).Content, StringComparison.Ordinal);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await Eventually.HoldsAsync(() => !rig.Studio.Log.HasReaders);

        async Task ReadAsync()
        {
            await foreach (var entry in rig.Client.Diagnostics.StreamLogsAsync(leaving.Token)) log.Writer.TryWrite(entry);
        }

        Task<LogEvent> NextAsync() => log.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}
