using System.Text.Json;
using LeanNats;
using LmGateway.Configuration;
using LmGateway.Tests.Functional.Transfers;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Nats;

/// <summary>Models pulled and deleted over NATS, at once or as jobs that can be followed.</summary>
public sealed class StoreTests
{
    private const string Llama = "meta-llama/Meta-Llama-3-8B-Instruct";
    private const string Granite = GatewayUnderTest.Other;

    [Fact]
    [Trait("req", "S0-03")]
    [Trait("req", "S0-07")]
    [Trait("req", "S0-20")]
    [Trait("req", "S0-21")]
    [Trait("req", "S0-22")]
    public async Task A_pull_answers_when_the_download_is_done_with_the_programs_words()
    {
        using var lms = new SimulatedLms();
        await using var nats = await StartAsync(lms);
        var data = (await nats.AskAsync("pull_model", $$"""{"identifier":"{{Llama}}"}""")).Data();
        Assert.Equal(Llama, data.Text("model"));
        Assert.Contains("Download completed.", data.Text("output"));
        Assert.StartsWith($"get {Llama} ", Assert.Single(lms.Calls));
    }

    [Fact]
    [Trait("req", "S0-23")]
    public async Task A_pull_that_fails_says_so_in_the_documents_words()
    {
        await using var nats = await StartAsync(lms: null, prepare: studio => studio.Faults.Add(new Fault { Kind = FaultKind.DownloadFailed }));
        var (text, data) = (await nats.AskAsync("pull_model", $$"""{"identifier":"{{Llama}}"}""")).Failure("transfer_failed");
        Assert.StartsWith($"erro ao executar 'lms get {Llama}': ", text);
        Assert.Equal(Llama, data.Text("model"));
        Assert.Equal(JsonValueKind.String, data.GetProperty("output").ValueKind);
    }

    [Theory]
    [InlineData("", "'identifier' is required")]
    [InlineData("{}", "'identifier' is required")]
    [InlineData("{\"identifier\":null,\"other\":1}", "'identifier' is required")]
    [InlineData("{\"identifier\":\"\"}", "identifier")]
    [InlineData("{\"identifier\":7}", "identifier")]
    [InlineData("{\"identifier\":\"-y\"}", "begins with '-'")]
    [InlineData("{\"identifier\":\"a\\u0000b\"}", "identifier")]
    [InlineData("{\"identifier\":\"a/b\",\"async\":\"maybe\"}", "async")]
    [InlineData("{\"identifier\":", "invalid JSON in PullModel: ")]
    [InlineData("[]", "invalid JSON in PullModel: ")]
    [Trait("req", "S0-16")]
    [Trait("req", "S0-25")]
    public async Task A_pull_of_nothing_or_of_nonsense_is_refused(string payload, string words)
    {
        await using var nats = await StartAsync(lms: null);
        Assert.Contains(words, (await nats.AskAsync("pull_model", payload)).Failure("invalid_request").Text);
    }

    [Fact]
    [Trait("req", "S0-24")]
    public async Task A_pull_can_be_followed_as_a_job()
    {
        await using var nats = await StartAsync(lms: null, simulated => simulated with { DownloadTime = TimeSpan.FromSeconds(1) });
        await using var everything = await nats.Caller.SubscribeCoreAsync("lmstudio.jobs.*");
        await nats.Caller.FlushAsync();
        var data = (await nats.AskAsync("pull_model", $$"""{"identifier":"{{Llama}}","async":true}""")).Data();
        var id = data.Text("job_id");
        Assert.Equal($"lmstudio.jobs.{id}", data.Text("progress_subject"));
        Assert.Contains(data.Text("state"), new[] { "queued", "running" });
        JsonElement last;
        do
        {
            using var deadline = new CancellationTokenSource(NatsUnderTest.Patience);
            var message = await everything.Msgs.ReadAsync(deadline.Token);
            Assert.Equal($"lmstudio.jobs.{id}", message.Subject);
            last = JsonElement.Parse(message.Data.Span).Data();
        }
        while (last.Text("state") is "queued" or "running");

        Assert.Equal(("done", 100), (last.Text("state"), last.GetProperty("percent").GetInt32()));
        var status = (await nats.AskAsync("job_status", $$"""{"job_id":"{{id}}"}""")).Data();
        Assert.Equal((id, "pull", "done", Llama), (status.Text("job_id"), status.Text("kind"), status.Text("state"), status.Text("model")));
        Assert.Equal(id, Assert.Single((await nats.AskAsync("job_status", "{}")).Data().GetProperty("jobs").EnumerateArray()).Text("job_id"));
        (await nats.AskAsync("job_status", """{"job_id":"job_none"}""")).Failure("job_not_found");
    }

    [Fact]
    [Trait("req", "S0-24")]
    public async Task A_pull_has_no_limit_of_its_own_and_outlives_a_caller_that_stops_waiting()
    {
        await using var nats = await StartAsync(lms: null, simulated => simulated with { DownloadTime = TimeSpan.FromSeconds(2) });
        (await nats.AskAsync("pull_model", $$"""{"identifier":"{{Llama}}"}""", new NatsHeaders { ["x-deadline-ms"] = "100" })).Failure("backend_timeout");
        (await nats.AskAsync("pull_model", $$"""{"identifier":"{{Llama}}"}""")).Data();
        Assert.Single(nats.Gateway.Simulator.State.Downloads.Jobs);
        Assert.Equal(600, new JobOptions().SilenceSeconds);
    }

    [Fact]
    public async Task A_job_can_be_cancelled()
    {
        await using var nats = await StartAsync(lms: null, simulated => simulated with { DownloadTime = TimeSpan.FromHours(1) });
        var id = (await nats.AskAsync("pull_model", $$"""{"identifier":"{{Llama}}","async":true}""")).Data().Text("job_id");
        (await nats.AskAsync("job_status", $$"""{"job_id":"{{id}}","cancel":true}""")).Data();
        await Eventually.TrueAsync(async () => (await nats.AskAsync("job_status", $$"""{"job_id":"{{id}}"}""")).Data() is var job && job.Text("state") == "cancelled" && job.Text("reason_code") == "cancelled", "it is cancelled");
    }

    [Fact]
    [Trait("req", "S0-08")]
    [Trait("req", "S0-26")]
    [Trait("req", "S0-27")]
    [Trait("req", "S0-29")]
    [Trait("req", "S0-31")]
    public async Task A_deleted_model_is_unloaded_and_its_folder_is_named_and_gone()
    {
        await using var nats = await StartAsync(lms: null);
        (await nats.AskAsync("load_model", $$"""{"model":"{{Granite}}"}""")).Data();
        var data = (await nats.AskAsync("delete_model", $$"""{"model_id":"{{Granite}}"}""")).Data();
        var folder = Path.Combine(nats.Gateway.Simulator.State.Models.Root, "ibm-granite", Granite);
        Assert.Equal((Granite, folder), (data.Text("model_id"), data.Text("deleted_dir")));
        Assert.False(Directory.Exists(folder));
        Assert.Empty((await nats.AskAsync("loaded_models", "{}")).Data().GetProperty("loaded").EnumerateArray());
    }

    [Fact]
    [Trait("req", "S0-32")]
    public async Task A_model_that_is_not_there_is_told_in_the_documents_words()
    {
        await using var nats = await StartAsync(lms: null);
        var (text, data) = (await nats.AskAsync("delete_model", """{"model_id":"no-such"}""")).Failure("model_not_found");
        Assert.Equal("modelo no-such não encontrado no LM Studio", text);
        Assert.Equal(("no-such", Path.Combine(nats.Gateway.Simulator.State.Models.Root, "no-such")), (data.Text("model_id"), data.Text("dir")));
    }

    [Theory]
    [InlineData("", "'model_id' is required")]
    [InlineData("{\"model_id\":[]}", "model_id")]
    [InlineData("nonsense", "invalid JSON in DeleteModel: ")]
    [Trait("req", "S0-16")]
    public async Task A_deletion_of_nothing_or_of_nonsense_is_refused(string payload, string words)
    {
        await using var nats = await StartAsync(lms: null);
        Assert.Contains(words, (await nats.AskAsync("delete_model", payload)).Failure("invalid_request").Text);
    }

    [Fact]
    [Trait("req", "S0-12")]
    public async Task Without_JetStream_a_sync_is_answered_with_an_error()
    {
        await using var nats = await StartAsync(lms: null);
        var reply = await nats.AskAsync("sync_model_from_bucket", """{"bucket":"llm-models","object_name":"meta-llama/Meta-Llama-3-8B-Instruct/model.gguf","publisher":"meta-llama","model_dir":"Meta-Llama-3-8B-Instruct"}""");
        Assert.NotEmpty(reply.Failure("repository_unavailable").Text);
    }

    [Fact]
    [Trait("req", "S0-10")]
    [Trait("req", "S0-41")]
    [Trait("req", "S0-42")]
    [Trait("req", "S0-43")]
    [Trait("req", "S0-45")]
    public async Task A_model_is_published_deleted_and_copied_back()
    {
        await using var nats = await NatsUnderTest.StartAsync(jetStream: true);
        var published = (await nats.AskAsync("publish_model", $$"""{"model":"{{Granite}}"}""")).Data();
        var name = Assert.Single(published.GetProperty("objects").EnumerateArray()).GetString()!;
        Assert.Equal(("llm-models", Granite), (published.Text("bucket"), published.Text("model")));
        var folder = (await nats.AskAsync("delete_model", $$"""{"model_id":"{{Granite}}"}""")).Data().Text("deleted_dir");
        var request = $$"""{"bucket":"llm-models","object_name":"{{name}}","publisher":"ibm-granite","model_dir":"{{Granite}}"}""";
        var synced = (await nats.AskAsync("sync_model_from_bucket", request)).Data();
        Assert.Equal(Path.Combine(folder, Path.GetFileName(name)), synced.Text("local_path"));
        Assert.True(File.Exists(synced.Text("local_path")));
        Assert.True((await nats.AskAsync("sync_model_from_bucket", request)).Data().GetProperty("was_there").GetBoolean());
        (await nats.AskAsync("sync_model_from_bucket", """{"object_name":"no/such/model.gguf"}""")).Failure("object_not_found");
        (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(Granite, "hi"))).Data();
    }

    [Theory]
    [InlineData("", "object_name")]
    [InlineData("{\"object_name\":\"a/b/../../../x\",\"bucket\":\"b\"}", "'..' cannot be the name")]
    [InlineData("{\"object_name\":\"p/m/f.gguf\",\"publisher\":\"..\"}", "'..' cannot be the name")]
    [InlineData("{\"object_name\":\"p/m/f.gguf\",\"bucket\":\"no bucket\"}", "bucket")]
    [Trait("req", "S0-16")]
    [Trait("req", "S0-41")]
    public async Task A_sync_of_nothing_or_to_elsewhere_is_refused(string payload, string words)
    {
        await using var nats = await StartAsync(lms: null);
        Assert.Contains(words, (await nats.AskAsync("sync_model_from_bucket", payload)).Failure("invalid_request").Text);
    }

    private static Task<NatsUnderTest> StartAsync(SimulatedLms? lms, Func<SimulatorOptions, SimulatorOptions>? simulate = null, Action<SimulatedLmStudio>? prepare = null) =>
        NatsUnderTest.StartAsync(simulate, options => lms is null ? options : options with { LmStudio = options.LmStudio with { LmsPath = lms.Path } }, prepare);
}
