using System.Text.Json;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Transfers;

/// <summary>Models are downloaded: by LM Studio's program, over its protocol without that, and as LM Studio's own API does it.</summary>
public sealed class PullTests
{
    private const string Llama = "meta-llama/Meta-Llama-3-8B-Instruct";

    [Fact]
    [Trait("req", "S0-21")]
    [Trait("req", "S0-22")]
    public async Task The_program_gets_the_model_and_its_words_are_the_output()
    {
        using var lms = new SimulatedLms();
        await using var gateway = await StartAsync(lms);
        var (status, job) = await gateway.PostJsonAsync("/admin/models/download", $$"""{"identifier":"{{Llama}}","wait":true}""");
        Assert.True(status == 200, job.GetRawText());
        Assert.Equal(("done", Llama, 100), (Text(job, "state"), Text(job, "model"), job.GetProperty("percent").GetDouble()));
        Assert.Contains("Finalizing download...\nDownload completed.", Text(job, "output"), StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", Text(job, "output"), StringComparison.Ordinal);
        Assert.Equal($"get {Llama} --yes --host 127.0.0.1 --port {gateway.Simulator.Address.Port}", Assert.Single(lms.Calls));
        Assert.Contains((await gateway.GetJsonAsync("/admin/models")).Body.GetProperty("downloaded").EnumerateArray(), model => Text(model, "path") == "meta-llama-3-8b-instruct");

        (_, job) = await gateway.PostJsonAsync("/admin/models/download", $$"""{"identifier":"{{Llama}}","wait":true}""");
        Assert.True(job.GetProperty("result").GetProperty("wasThere").GetBoolean());
    }

    [Theory]
    [InlineData(FaultKind.RestMissing)]
    [InlineData(FaultKind.WebsocketRefused)]
    public async Task Without_the_program_the_protocol_does_it_and_tells_as_much(FaultKind missing)
    {
        await using var gateway = await StartAsync(lms: null, options => options with { DownloadTime = TimeSpan.FromSeconds(2) });
        gateway.Simulator.State.Faults.Add(new Fault { Kind = missing });
        var (status, job) = await gateway.PostJsonAsync("/admin/models/download", $$"""{"model":"https://huggingface.co/{{Llama}}@Q8_0","wait":true}""");
        Assert.True(status == 200, job.GetRawText());
        Assert.Matches(@"(?s)0\.00% \| .* / 9\.84 GB.*Download completed\.$", Text(job, "output"));
        Assert.True(File.Exists(Path.Combine(gateway.Simulator.State.Models.Root, Llama, "Meta-Llama-3-8B-Instruct-Q8_0.gguf")));
        (_, job) = await gateway.PostJsonAsync("/admin/models/download", $$"""{"model":"https://huggingface.co/{{Llama}}@Q8_0","wait":true}""");
        Assert.True(job.GetProperty("result").GetProperty("wasThere").GetBoolean(), job.GetRawText());
    }

    [Fact]
    public async Task Two_pulls_of_one_model_share_one_download()
    {
        using var lms = new SimulatedLms();
        await using var gateway = await StartAsync(lms, options => options with { DownloadTime = TimeSpan.FromSeconds(1) });
        var pulls = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => gateway.PostJsonAsync("/admin/models/download", $$"""{"identifier":"{{Llama}}","wait":true}""")));
        Assert.Single(pulls.Select(pull => Text(pull.Body, "id")).Distinct());
        Assert.Single(lms.Calls);
        Assert.Single(gateway.Simulator.State.Downloads.Jobs);
    }

    [Theory]
    [InlineData("""{}""", "identifier: is required")]
    [InlineData("""{"identifier":""}""", "identifier: a text of 1 to 1024 characters is expected")]
    [InlineData("""{"identifier":"  "}""", "'identifier' is required")]
    [InlineData("""{"identifier":"--help"}""", "'identifier' begins with '-'")]
    [InlineData("""{"identifier":" -y"}""", "'identifier' begins with '-'")]
    [InlineData("""{"identifier":"a/b\u0000"}""", "identifier: a text of 1 to 1024 characters is expected")]
    [InlineData("""{"identifier":"a/b","backend":"elsewhere"}""", "There is no backend 'elsewhere'.")]
    [Trait("req", "S0-25")]
    public async Task What_can_be_no_model_never_reaches_the_program(string body, string message)
    {
        using var lms = new SimulatedLms();
        await using var gateway = await StartAsync(lms);
        var (status, error) = await gateway.PostJsonAsync("/admin/models/download", body);
        Assert.Equal(400, status);
        Assert.Contains(message, error.GetRawText().Replace("\\u0027", "'"), StringComparison.Ordinal);
        Assert.Empty(lms.Calls);
    }

    [Fact]
    public async Task What_the_program_cannot_get_fails_in_its_words_and_keeps_its_output()
    {
        using var lms = new SimulatedLms();
        await using var gateway = await StartAsync(lms);
        var (status, error) = await gateway.PostJsonAsync("/admin/models/download", """{"identifier":"no/body","wait":true}""");
        Assert.Equal((500, "Cannot find a model to download by the name \"no/body\"."), (status, Text(error, "error")));
        var (_, list) = await gateway.GetJsonAsync("/admin/jobs");
        var job = Assert.Single(list.GetProperty("jobs").EnumerateArray());
        Assert.Equal("failed", Text(job, "state"));
        Assert.Contains("Cannot find a model", Text(job, "output"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("qwen3")]
    [InlineData("a/b/c")]
    [InlineData("a/b@q4@q8")]
    [InlineData("https://example.org/a/b")]
    public async Task Without_the_program_only_full_names_are_known(string identifier)
    {
        await using var gateway = await StartAsync(lms: null);
        var (status, error) = await gateway.PostJsonAsync("/admin/models/download", $$"""{"identifier":"{{identifier}}","wait":true}""");
        Assert.Equal(400, status);
        Assert.Contains("owner/name or https://huggingface.co/owner/repo is expected", Text(error, "error"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelling_the_job_ends_the_download_in_LM_Studio(bool hasProgram)
    {
        using var lms = new SimulatedLms();
        await using var gateway = await StartAsync(hasProgram ? lms : null, options => options with { DownloadTime = TimeSpan.FromMinutes(5) });
        var (status, job) = await gateway.PostJsonAsync("/admin/models/download", $$"""{"identifier":"{{Llama}}"}""");
        Assert.Equal(202, status);
        await Eventually.TrueAsync(() => gateway.Simulator.State.Downloads.Jobs.Count == 1, "the download runs");
        using var reply = await gateway.Http.DeleteAsync($"/admin/jobs/{Text(job, "id")}");
        var ended = JsonElement.Parse(await reply.Content.ReadAsStringAsync());
        Assert.Equal(("cancelled", "The job was cancelled."), (Text(ended, "state"), Text(ended, "error")));
        await Eventually.TrueAsync(() => gateway.Simulator.State.Downloads.Jobs.All(download => download.Status == DownloadStatus.Cancelled), "the download ends");
    }

    [Fact]
    public async Task LM_Studios_own_route_begins_a_download_that_is_polled_in_its_shape()
    {
        await using var gateway = await StartAsync(lms: null, options => options with { DownloadTime = TimeSpan.FromSeconds(1) });
        var (status, begun) = await gateway.PostJsonAsync("/api/v1/models/download", $$"""{"model":"https://huggingface.co/{{Llama}}","quantization":"Q4_K_M"}""");
        Assert.True(status == 200, begun.GetRawText());
        Assert.Equal(["job_id", "status", "total_size_bytes", "started_at"], begun.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("downloading", 4_920_734_272), (Text(begun, "status"), begun.GetProperty("total_size_bytes").GetInt64()));

        JsonElement told = default;
        await Eventually.TrueAsync(async () => Text(told = (await gateway.GetJsonAsync($"/api/v1/models/download/status/{Text(begun, "job_id")}")).Body, "status") == "completed", "it is downloaded");
        Assert.Equal(["job_id", "status", "total_size_bytes", "started_at", "downloaded_bytes", "completed_at"], told.EnumerateObject().Select(member => member.Name));

        (_, begun) = await gateway.PostJsonAsync("/api/v1/models/download", $$"""{"model":"https://huggingface.co/{{Llama}}","quantization":"Q4_K_M"}""");
        Assert.Equal("""{"status":"already_downloaded"}""", begun.GetRawText());
    }

    [Fact]
    public async Task LM_Studios_own_routes_refuse_as_LM_Studio_does()
    {
        await using var gateway = await StartAsync(lms: null);
        var (status, error) = await gateway.PostJsonAsync("/api/v1/models/download", """{"model":"a/b","priority":1}""");
        Assert.Equal((400, "invalid_request"), (status, Text(error.GetProperty("error"), "type")));
        (status, error) = await gateway.GetJsonAsync("/api/v1/models/download/status/job_no_such");
        Assert.Equal((404, "job_not_found"), (status, Text(error.GetProperty("error"), "type")));
        (status, error) = await gateway.GetJsonAsync("/api/v1/models/download");
        Assert.Equal(405, status);
    }

    [Fact]
    public async Task Models_to_download_are_searched_for()
    {
        await using var gateway = await StartAsync(lms: null);
        var (status, found) = await gateway.GetJsonAsync("/admin/models/search?q=qwen3-4b&limit=3");
        Assert.True(status == 200, found.GetRawText());
        var first = found.GetProperty("models")[0];
        Assert.Equal(["name", "identifier", "source", "exact", "recommended"], first.EnumerateObject().Select(member => member.Name));
        Assert.Equal((3, "catalog"), (found.GetProperty("models").GetArrayLength(), Text(first, "source")));
        Assert.Equal(400, (await gateway.GetJsonAsync("/admin/models/search?limit=26")).Status);
        Assert.Equal(200, (await gateway.GetJsonAsync("/admin/models/search")).Status);
    }

    [Fact]
    public async Task A_server_that_only_speaks_OpenAIs_API_says_that_it_cannot()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Inference = options.Inference with { Provider = "openai" } });
        var (status, error) = await gateway.PostJsonAsync("/admin/models/download", """{"identifier":"a/b"}""");
        Assert.Equal((400, "'openai' (openai) cannot download models."), (status, Text(error, "error")));
        Assert.Equal(400, (await gateway.GetJsonAsync("/admin/models/search?q=a")).Status);
    }

    internal static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static Task<GatewayUnderTest> StartAsync(SimulatedLms? lms, Func<SimulatorOptions, SimulatorOptions>? simulate = null) => GatewayUnderTest.StartAsync(
        options => simulate?.Invoke(options) ?? options with { DownloadTime = TimeSpan.FromMilliseconds(200) },
        options => options with { LmStudio = options.LmStudio with { LmsPath = lms?.Path ?? "/no/lms/here" } });
}
