using System.Text.Json;
using LmGateway.Events;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Events;

/// <summary>What events look like on the wire (S4-52 to S4-56).</summary>
public sealed class EventFormTests
{
    private static readonly ModelSubject Model = new("lmstudio", "qwen2-1.5b-instruct", "primary");
    private static readonly CallContext Call = new() { RequestId = "req_1", Api = "openai", Caller = "default", Method = "POST", Path = "/v1/chat/completions" };
    private static readonly InferenceSubject Request = new(Call, "qwen2-1.5b-instruct") { Instance = new InstanceId("node", "lmstudio", "primary") };
    private static readonly InferenceTimes Times = new(TimeSpan.FromMilliseconds(1520), TimeSpan.FromMilliseconds(5), TimeSpan.Zero, TimeSpan.FromMilliseconds(200));
    private static readonly LoadSettings Settings = new() { ContextLength = 8192, GpuRatio = 1.0 };
    private static readonly GatewayError Error = new(ErrorCode.ModelNotFound, "Model not found");
    private static readonly TimeSpan Took = TimeSpan.FromMilliseconds(5432);

    public static TheoryData<string, string, string[]> Documented() => new()
    {
        { "model_load_start", "model.load.start", ["modelKey", "instanceId", "loadConfig", "timestamp"] },
        { "model_load_progress", "model.load.progress", ["modelKey", "instanceId", "progress", "progressRaw", "timestamp"] },
        { "model_load_complete", "model.load.complete", ["modelKey", "instanceId", "activated", "totalTimeMs", "loadConfig", "timestamp"] },
        { "model_unload_start", "model.unload.start", ["modelKey", "instanceId", "timestamp"] },
        { "model_unload_complete", "model.unload.complete", ["modelKey", "instanceId", "totalTimeMs", "timestamp"] },
        { "model_activate", "model.activate", ["modelKey", "instanceId", "defaultInference", "timestamp"] },
        { "inference_start", "inference.start", ["requestId", "method", "path", "timestamp"] },
        { "inference_complete", "inference.complete", ["requestId", "totalTimeMs", "tokenUsage", "timestamp"] },
        { "error", "model.load.failed", ["operation", "modelKey", "error", "totalTimeMs", "timestamp"] },
        { "error", "inference.failed", ["operation", "requestId", "error", "totalTimeMs", "timestamp"] },
        { "model_pull_progress", "model.pull.progress", ["jobId", "modelKey", "progress", "timestamp"] },
        { "debug_log", "debug.log", ["level", "message", "timestamp"] },
        { "lmstudio_prompt_progress", "lmstudio.prompt_progress", ["progress", "timestamp"] },
        { "events_dropped", "events.dropped", ["count", "timestamp"] },
    };

    [Theory]
    [MemberData(nameof(Documented))]
    [Trait("req", "S4-52")]
    [Trait("req", "S4-53")]
    [Trait("req", "S4-54")]
    [Trait("req", "S4-55")]
    public void The_documented_members_are_there(string name, string subject, string[] members)
    {
        var happened = Assert.Single(Every(), happened => happened.Subject == subject);
        Assert.Equal(name, happened.Name);
        var json = Written(happened);
        Assert.Empty(members.Except(json.EnumerateObject().Select(member => member.Name)));
    }

    [Fact]
    public void The_load_that_the_document_prints_is_written_as_printed()
    {
        var json = Written(new ModelLoadStarted(Model, Settings, OnDemand: false));
        Assert.Equal("qwen2-1.5b-instruct", json.GetProperty("modelKey").GetString());
        Assert.Equal("primary", json.GetProperty("instanceId").GetString());
        Assert.Equal("""{"contextLength":8192,"gpu":{"ratio":1}}""", json.GetProperty("loadConfig").GetRawText());
    }

    [Fact]
    [Trait("req", "S4-56")]
    public void Times_are_iso_8601_in_utc()
    {
        var at = new DateTimeOffset(2025, 11, 15, 12, 30, 0, 250, TimeSpan.FromHours(2));
        using var json = JsonDocument.Parse(new PublishedEvent(new QueueChanged("b", "m", 1), at).Json);
        Assert.Equal("2025-11-15T10:30:00Z", json.RootElement.GetProperty("timestamp").GetString());
    }

    [Fact]
    public void Every_event_has_a_subject_of_its_own_and_a_name_of_plain_words()
    {
        var every = Every().ToList();
        Assert.Equal(every.Count, every.Select(happened => happened.Subject).Distinct().Count());
        Assert.All(every, happened =>
        {
            Assert.Matches("^[a-z_]+(\\.[a-z_]+)+$", happened.Subject);
            Assert.Matches("^[a-z_]+$", happened.Name);
            Assert.Equal(JsonValueKind.Object, Written(happened).ValueKind);
        });
        var missing = typeof(GatewayEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(GatewayEvent))).Except(every.Select(happened => happened.GetType()));
        Assert.Empty(missing);
    }

    private static JsonElement Written(GatewayEvent happened)
    {
        using var json = JsonDocument.Parse(new PublishedEvent(happened, DateTimeOffset.UnixEpoch).Json);
        return json.RootElement.Clone();
    }

    private static IEnumerable<GatewayEvent> Every()
    {
        yield return new ModelLoadStarted(Model, Settings, OnDemand: true);
        yield return new ModelLoadProgressed(Model, 0.5);
        yield return new ModelLoaded(Model, ModelChangeOrigin.Requested) { Activated = true, Took = Took, Settings = Settings, NotApplied = ["gpu.layers"] };
        yield return new ModelLoadFailed(Model, Error, Took);
        yield return new ModelLoadFailed(Model, Error with { Code = ErrorCode.Cancelled }, Took);
        yield return new ModelUnloadStarted(Model, ModelChangeOrigin.OnDemand);
        yield return new ModelUnloaded(Model, ModelChangeOrigin.External) { Took = Took };
        yield return new ModelUnloadFailed(Model, Error, Took);
        yield return new ModelActivated(new ActiveModel("m") { Defaults = new InferenceDefaults { Temperature = 0.7 } });
        yield return new ModelActivated(Active: null);
        yield return new InferenceStarted(Request) { Streamed = true };
        yield return new InferenceFirstToken(Request, Times);
        yield return new InferenceCompleted(Request, Times) { Usage = new Usage(10, 20), FinishReason = "stop" };
        yield return new InferenceFailed(Request, Times, Error);
        yield return new InferenceCancelled(Request, Times);
        yield return new QueueChanged("lmstudio", "m", 3);
        yield return new BackendUp("lmstudio", "lmstudio", "0.3.31");
        yield return new BackendDown("lmstudio", "refused");
        yield return new ConfigurationReloaded(["log.level"]) { NeedRestart = ["listen.port"] };
        yield return new ConfigurationRefused(["log.level: no such level"]);
        yield return new EventsDropped(3);
        yield return new BackendLogLine("lmstudio", "info", "Received request") { Engine = "llama.cpp", InstanceId = "primary" };
        yield return new BackendLogFact("lmstudio.prompt_progress", "lmstudio", "primary", [new("progress", 42.5)]);
        foreach (var kind in new[] { "pull", "delete", "sync", "publish" })
        {
            var job = new JobSubject(kind, "job-1", "qwen/qwen3-4b");
            yield return new JobStarted(job);
            yield return new JobProgressed(job) { Fraction = 0.25, DoneBytes = 1, TotalBytes = 4, Step = "downloading" };
            yield return new JobCompleted(job, Took) { TotalBytes = 4 };
            yield return new JobFailed(job, Error, Took);
            yield return new JobFailed(job, Error with { Code = ErrorCode.Cancelled }, Took);
        }
    }
}
