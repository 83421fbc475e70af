using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Http;

/// <summary>The life of a download over the native API v1.</summary>
public sealed class DownloadTests
{
    private const string Llama = "meta-llama/Meta-Llama-3-8B-Instruct";

    [Theory]
    [InlineData(Llama)]
    [InlineData("https://huggingface.co/meta-llama/Meta-Llama-3-8B-Instruct")]
    public async Task A_download_runs_to_its_end_and_the_model_is_there(string name)
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { DownloadTime = TimeSpan.FromMilliseconds(50) });
        var started = await rig.PostAsync("/api/v1/models/download", $$"""{"model":"{{name}}"}""");
        Assert.Matches("^job_[0-9a-f]{10}$", started.At("job_id"));
        Assert.Equal(("downloading", "4920734272"), (started.At("status"), started.At("total_size_bytes")));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", started.At("started_at"));
        await rig.State.Downloads.Job(started.At("job_id")!)!.Ended;
        var done = await rig.GetAsync("/api/v1/models/download/status/" + started.At("job_id"));
        Assert.Equal(("completed", "4920734272"), (done.At("status"), done.At("downloaded_bytes")));
        Assert.True(done.Json.Has("completed_at"));
        Assert.False(done.Json.Has("bytes_per_second"));
        Assert.True(File.Exists(Path.Combine(rig.State.Models.Root, Llama, "Meta-Llama-3-8B-Instruct-Q4_K_M.gguf")));
        var reply = await rig.PostAsync("/v1/chat/completions", """{"model":"meta-llama-3-8b-instruct","messages":[{"role":"user","content":"hi"}]}""");
        Assert.Equal(200, reply.Status);
    }

    [Fact]
    public async Task A_running_download_tells_its_speed_and_is_joined_not_started_twice()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { DownloadTime = TimeSpan.FromMinutes(10) });
        var first = await rig.PostAsync("/api/v1/models/download", $$"""{"model":"{{Llama}}"}""");
        var second = await rig.PostAsync("/api/v1/models/download", $$"""{"model":"{{Llama}}"}""");
        Assert.Equal(first.At("job_id"), second.At("job_id"));
        var status = await rig.GetAsync("/api/v1/models/download/status/" + first.At("job_id"));
        Assert.Equal(("downloading", "0"), (status.At("status"), status.At("downloaded_bytes")));
        Assert.True(status.Json.Has("bytes_per_second") && status.Json.Has("estimated_completion"));
        Assert.False(status.Json.Has("completed_at"));
    }

    [Fact]
    public async Task What_is_there_is_already_downloaded_without_a_job()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/api/v1/models/download", $$"""{"model":"{{Rig.Qwen}}"}""");
        Assert.Equal((200, """{"status":"already_downloaded"}"""), (reply.Status, reply.Text));
    }

    [Fact]
    public async Task Another_quantisation_is_another_file()
    {
        await using var rig = await Rig.StartAsync();
        var started = await rig.PostAsync("/api/v1/models/download", """{"model":"https://huggingface.co/Qwen/Qwen2-1.5B-Instruct-GGUF","quantization":"Q8_0"}""");
        await rig.State.Downloads.Job(started.At("job_id")!)!.Ended;
        var keys = rig.State.Models.List().Select(model => model.Key).ToList();
        Assert.Contains("qwen2-1.5b-instruct@q8_0", keys);
        Assert.Contains("qwen2-1.5b-instruct@q4_k_m", keys);
    }

    [Fact]
    public async Task A_download_can_fail()
    {
        await using var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = FaultKind.DownloadFailed, Scope = Llama });
        var started = await rig.PostAsync("/api/v1/models/download", $$"""{"model":"{{Llama}}"}""");
        await rig.State.Downloads.Job(started.At("job_id")!)!.Ended;
        Assert.Equal("failed", (await rig.GetAsync("/api/v1/models/download/status/" + started.At("job_id"))).At("status"));
        Assert.False(Directory.Exists(Path.Combine(rig.State.Models.Root, Llama)));
    }

    [Theory]
    [InlineData("""{"model":"nobody/nothing"}""", 404, "model_not_found")]
    [InlineData("""{"model":"meta-llama/Meta-Llama-3-8B-Instruct","quantization":"Q9_X"}""", 404, "model_not_found")]
    [InlineData("{}", 400, "invalid_request")]
    [InlineData("""{"model":"a/b","where":"here"}""", 400, "invalid_request")]
    public async Task What_cannot_be_downloaded_is_refused(string body, int status, string type)
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/api/v1/models/download", body);
        Assert.Equal((status, type), (reply.Status, reply.At("error", "type")));
    }

    [Fact]
    public async Task An_unknown_job_is_job_not_found()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.GetAsync("/api/v1/models/download/status/job_0000000000");
        Assert.Equal((404, "job_not_found"), (reply.Status, reply.At("error", "type")));
    }
}
