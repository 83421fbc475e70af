using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.WebSockets;

/// <summary>What the smaller namespaces answer, beyond what was recorded.</summary>
public sealed class NamespaceTests
{
    private const string Meta = "hf:meta-llama/Meta-Llama-3-8B-Instruct:Q4_K_M";

    [Fact]
    public async Task Unknown_paths_are_no_namespaces()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => simulator.OpenAsync("/nope"));
    }

    [Fact]
    public async Task What_is_downloaded_follows_the_folder()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/system");
        Assert.Equal(2, (await client.CallAsync("listDownloadedModels"))["result"]!.AsArray().Count);
        Directory.Delete(Path.Combine(simulator.Studio.Models.Root, "qwen"), recursive: true);
        var left = (await client.CallAsync("listDownloadedModels"))["result"]!.AsArray().Single()!;
        Assert.Equal((RunningSimulator.Embedding, null), (left.Text("modelKey"), left["vision"]));
    }

    [Fact]
    public async Task The_http_server_can_be_switched_off_and_on_while_the_websocket_stays()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/system");
        await client.CallAsync("stopHttpServer");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{simulator.Port}") };
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(new Uri("/v1/models", UriKind.Relative), TestContext.Current.CancellationToken));
        await client.CallAsync("startHttpServer", """{"port":1234}""");
        Assert.Contains("data", await http.GetStringAsync(new Uri("/v1/models", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upload_that_is_no_base64_is_an_error()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/files");
        Assert.Equal("The content is not valid base64.", (await client.CallAsync("uploadFileBase64", """{"name":"a.png","contentBase64":"%"}"""))["error"]!.Text("title"));
    }

    [Fact]
    public async Task A_download_reports_progress_and_names_its_key()
    {
        await using var simulator = await RunningSimulator.StartAsync(RunningSimulator.Fast with { DownloadTime = TimeSpan.FromMilliseconds(100) });
        await using var client = await simulator.ConnectAsync("/repository");
        var channel = await client.CreateAsync("downloadModel", $$"""{"downloadIdentifier":"{{Meta}}"}""");
        var messages = (await client.ReadToEndAsync()).SkipLast(1).Select(frame => frame["message"]!).ToList();
        Assert.Equal(["downloadProgress", "startFinalizing", "success"], messages.Select(message => message.Text("type")).Distinct());
        var last = messages.Last(message => message["update"] is not null)["update"]!;
        Assert.Equal(last["totalBytes"]!.GetValue<long>(), last["downloadedBytes"]!.GetValue<long>());
        Assert.Equal("meta-llama-3-8b-instruct", messages[^1].Text("defaultIdentifier"));
        await client.CreateAsync("downloadModel", $$"""{"downloadIdentifier":"{{Meta}}"}""");
        Assert.Equal(["success"], (await client.ReadToEndAsync()).SkipLast(1).Select(frame => frame["message"]!.Text("type")));
        Assert.Equal(0, channel);
    }

    [Fact]
    public async Task A_download_goes_on_when_its_client_vanishes_and_stops_when_it_cancels()
    {
        await using var simulator = await RunningSimulator.StartAsync(RunningSimulator.Fast with { DownloadTime = TimeSpan.FromMinutes(5) });
        await using (var gone = await simulator.ConnectAsync("/repository"))
        {
            await gone.CreateAsync("downloadModel", $$"""{"downloadIdentifier":"{{Meta}}"}""");
            await gone.ReadToAsync("downloadProgress");
            gone.Abort();
        }

        await Rig.EventuallyAsync(() => simulator.Studio.Counters.Snapshot().OpenWebSockets == 0);
        Assert.Equal(DownloadStatus.Downloading, simulator.Studio.Downloads.Jobs.Single().Status);
        await using var client = await simulator.ConnectAsync("/repository");
        var channel = await client.CreateAsync("downloadModel", $$"""{"downloadIdentifier":"{{Meta}}"}""");
        await client.ReadToAsync("downloadProgress");
        await client.SendToChannelAsync(channel, """{"type":"cancel"}""");
        Assert.Equal("Operation canceled.", (await client.ReadToEndAsync())[^1]["error"]!.Text("title"));
        Assert.Equal(DownloadStatus.Cancelled, simulator.Studio.Downloads.Jobs.Single().Status);
    }

    [Fact]
    public async Task A_failed_download_is_an_error()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        simulator.Studio.Faults.Add(new Fault { Kind = FaultKind.DownloadFailed, Count = 1 });
        await using var client = await simulator.ConnectAsync("/repository");
        await client.CreateAsync("downloadModel", $$"""{"downloadIdentifier":"{{Meta}}"}""");
        Assert.Equal("Download failed.", (await client.ReadToEndAsync())[^1]["error"]!.Text("title"));
    }

    [Theory]
    [InlineData("nonsense", "Invalid download identifier \"nonsense\"")]
    [InlineData("hf:no/such:Q4_K_M", "Cannot find a model to download by the name \"https://huggingface.co/no/such\".")]
    public async Task A_download_of_nothing_is_an_error(string identifier, string title)
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/repository");
        await client.CreateAsync("downloadModel", $$"""{"downloadIdentifier":"{{identifier}}"}""");
        Assert.Equal(title, (await client.ReadToEndAsync()).Single()["error"]!.Text("title"));
    }

    [Fact]
    public async Task A_plan_takes_choices_and_can_be_given_up()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/repository");
        var channel = await client.CreateAsync("createDownloadPlan", """{"target":{"type":"model","source":{"type":"huggingface","user":"meta-llama","repo":"Meta-Llama-3-8B-Instruct"}}}""");
        var ready = await client.ReadToAsync("planReady");
        Assert.Equal(("startNewDownload", 0), (ready["plan"]!.Text("downloadAction"), ready["plan"]!["nodes"]![0]!["selectedDownloadOptionIndex"]!.GetValue<int>()));
        await client.SendToChannelAsync(channel, """{"type":"setSelectedDownloadOptionIndex","nodeIndex":0,"selectedDownloadOptionIndex":1,"requestedPlanVersion":9}""");
        var updated = (await client.ReadToAsync("planUpdated"))["plan"]!;
        Assert.Equal(("Q8_0", 9), (updated["nodes"]![0]!["selected"]!.Text("quantName"), updated["version"]!.GetValue<int>()));
        await client.SendToChannelAsync(channel, """{"type":"cancelPlan"}""");
        Assert.Equal("channelClose", (await client.ReadToEndAsync()).Single().Text("type"));
        Assert.Empty(simulator.Studio.Downloads.Jobs);
    }

    [Fact]
    public async Task The_plan_of_what_is_there_has_nothing_to_do()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/repository");
        await client.CreateAsync("createDownloadPlan", """{"target":{"type":"artifact","owner":"qwen","name":"qwen3-4b"}}""");
        var plan = (await client.ReadToAsync("planReady"))["plan"]!;
        Assert.Equal(("none", 0, "satisfied"), (plan.Text("downloadAction"), plan["downloadSizeBytes"]!.GetValue<int>(), plan["nodes"]![0]!.Text("state")));
    }

    [Fact]
    public async Task Searching_for_another_format_finds_nothing()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/repository");
        Assert.Empty((await client.CallAsync("searchModels", """{"opts":{"searchTerm":"qwen","compatibilityTypes":["safetensors"]}}"""))["result"]!["results"]!.AsArray());
        Assert.Single((await client.CallAsync("searchModels", """{"opts":{"searchTerm":"qwen","limit":1}}"""))["result"]!["results"]!.AsArray());
        var picks = (await client.CallAsync("fuzzyFindStaffPicks", """{"searchTerm":"gpt"}"""))["result"]!["results"]!.AsArray();
        Assert.Equal(("openai", "gpt-oss-20b"), (picks.Single()!.Text("owner"), picks[0]!.Text("name")));
    }

    [Fact]
    public async Task The_log_tells_prompts_and_answers_as_they_happen()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var llm = await simulator.ConnectAsync("/llm");
        var reference = (await llm.LoadAsync(RunningSimulator.Llm)).Text("instanceReference");
        await using var log = await simulator.ConnectAsync("/diagnostics");
        var channel = await log.CreateAsync("streamLogs");
        Assert.Equal("log stream attached", (await log.ReadToAsync("log"))["log"]!["data"]!.Text("content"));
        await llm.CreateAsync("predict", Parameters.Predict(reference, "hello"));
        var data = new List<JsonNode>();
        while (data.LastOrDefault()?.Text("type") != "llm.prediction.output") data.Add((await log.ReadToAsync("log"))["log"]!["data"]!);
        Assert.Equal("<|user|>hello", data.Single(entry => entry.Text("type") == "llm.prediction.input").Text("input"));
        Assert.Equal(("You said: hello", "eosFound"), (data[^1].Text("output"), data[^1]["stats"]!.Text("stopReason")));
        await log.SendToChannelAsync(channel, """{"type":"stop"}""");
        Assert.Equal("channelClose", (await log.ReadToEndAsync())[^1].Text("type"));
        await Rig.EventuallyAsync(() => !simulator.Studio.Log.HasReaders);
    }

    [Fact]
    public async Task The_hardware_can_be_surveyed()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/runtime");
        var engine = (await client.CallAsync("surveyHardware"))["result"]!["engines"]![0]!;
        Assert.Equal((await client.CallAsync("listEngines"))["result"]![0]!.Text("name"), engine.Text("name"));
        Assert.True(engine["memoryInfo"]!["vramCapacity"]!.GetValue<long>() > 0);
    }

    [Fact]
    public async Task Equal_texts_have_equal_embeddings()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/embedding");
        await client.LoadAsync(RunningSimulator.Embedding);
        var one = await EmbedAsync(client, "a cat");
        Assert.Equal(one, await EmbedAsync(client, "a cat"));
        Assert.NotEqual(one, await EmbedAsync(client, "a dog"));
        Assert.Equal(768, one.Count);
    }

    private static async Task<List<double>> EmbedAsync(FrameClient client, string text)
    {
        var reply = await client.CallAsync("embedString", $$"""{"modelSpecifier":{{Parameters.Query()}},"inputString":"{{text}}"}""");
        return [.. reply["result"]!["embedding"]!.AsArray().Select(value => value!.GetValue<double>())];
    }
}
