using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>Bodies of the admin API and of LM Studio's own load and unload that are missing something or say it wrongly.</summary>
public sealed class BadAdminInputTests(BadInputGateway fixture) : IClassFixture<BadInputGateway>
{
    [Theory]
    [InlineData("/admin/models/load", "", """["modelKey: is required"]""")]
    [InlineData("/admin/models/load", "{}", """["modelKey: is required"]""")]
    [InlineData("/admin/models/load", """{"modelKey":null}""", """["modelKey: is required"]""")]
    [InlineData("/admin/models/load", """{"modelKey":""}""", """["modelKey: a text of 1 to 1024 characters is expected"]""")]
    [InlineData("/admin/models/load", """{"modelKey":["x"]}""", """["modelKey: a text of 1 to 1024 characters is expected"]""")]
    [InlineData("/admin/models/load", """{"modelKey":"x\u0000y"}""", """["modelKey: a text of 1 to 1024 characters is expected"]""")]
    [InlineData("/admin/models/load", """{"modelKey":"m","instanceId":3}""", """["instanceId: a text of 1 to 1024 characters is expected"]""")]
    [InlineData("/admin/models/load", """{"modelKey":"m","loadConfig":"fast"}""", """["loadConfig: an object is expected"]""")]
    [InlineData("/admin/models/load", """{"modelKey":"m","loadConfig":{"gpu":1}}""", """["loadConfig.gpu: an object is expected"]""")]
    [InlineData("/admin/models/load", """{"modelKey":"m","loadConfig":{"contextLength":1e400}}""", """["loadConfig.contextLength: a whole number from 1 to 2147483647 is expected"]""")]
    [InlineData("/admin/models/load", """{"modelKey":"m","loadConfig":{"contextLength":8192.5}}""", """["loadConfig.contextLength: a whole number from 1 to 2147483647 is expected"]""")]
    [InlineData("/admin/models/load", """{"modelKey":"m","loadConfig":{"gpu":{"ratio":1.5}}}""", """["loadConfig.gpu.ratio: a number from 0 to 1 is expected"]""")]
    [InlineData("/admin/models/load", """{"modelKey":"m","loadConfig":{"gpu":{"disabledGpus":[0,"1"]}}}""", """["loadConfig.gpu.disabledGpus: a list of whole numbers is expected"]""")]
    [InlineData("/admin/models/load", """{"modelKey":"m","ttlSeconds":-1,"exclusive":1,"activate":"no"}""", """["ttlSeconds: a whole number from 0 to 2147483647 is expected","exclusive: true or false is expected","activate: true or false is expected"]""")]
    [InlineData("/admin/models/load", """{"modelKey":"m","defaultInference":{"temperature":9,"topP":-1,"stopStrings":[1]}}""", """["defaultInference.temperature: a number from 0 to 2 is expected","defaultInference.topP: a number from 0 to 1 is expected","defaultInference.stopStrings: a list of texts is expected"]""")]
    [InlineData("/admin/models/unload", "{}", """["modelKey: is required (or instanceId)"]""")]
    [InlineData("/admin/models/unload", """{"modelKey":1}""", """["modelKey: a text of 1 to 1024 characters is expected"]""")]
    [InlineData("/admin/models/unload", """{"modelKey":"m","force":"yes"}""", """["force: true or false is expected"]""")]
    [InlineData("/admin/models/activate", "{}", """["modelKey: is required"]""")]
    [InlineData("/admin/models/activate", """{"modelKey":"m","defaultInference":[]}""", """["defaultInference: an object is expected"]""")]
    public async Task Every_fault_of_a_body_is_listed_with_its_field(string path, string body, string details) =>
        Assert.Equal($$"""400 {"error":"Validation failed","details":{{details}}}""", (await fixture.PostAsync(path, body)).ToString());

    [Theory]
    [InlineData("/api/v1/models/load", "{}", "model", "model: is required")]
    [InlineData("/api/v1/models/load", """{"model":5}""", "model", "model: a text of 1 to 1024 characters is expected")]
    [InlineData("/api/v1/models/load", """{"model":"m","context_length":0}""", "context_length", "context_length: a whole number from 1 to 2147483647 is expected")]
    [InlineData("/api/v1/models/load", """{"model":"m","flash_attention":"on","ttl":5}""", "flash_attention", "flash_attention: true or false is expected; ttl: is not a parameter of this request")]
    [InlineData("/api/v1/models/unload", "{}", "instance_id", "instance_id: is required")]
    [InlineData("/api/v1/models/unload", """{"instance_id":"x","model":"m"}""", "model", "model: is not a parameter of this request")]
    public async Task LM_Studios_own_loads_refuse_what_LM_Studio_refuses(string path, string body, string field, string message) =>
        Assert.Equal($$$"""400 {"error":{"type":"invalid_request","message":"{{{message}}}","param":"{{{field}}}"}}""", (await fixture.PostAsync(path, body)).ToString());

    [Theory]
    [InlineData("/admin/models/load", """{"modelKey":"nope"}""", """404 {"error":"Model not found: nope"}""")]
    [InlineData("/admin/models/unload", """{"modelKey":"nope"}""", """404 {"error":"Model not found: nope"}""")]
    [InlineData("/admin/models/unload", """{"instanceId":"nope"}""", """404 {"error":"Model not found: nope"}""")]
    [InlineData("/admin/models/activate", """{"modelKey":"nope"}""", """404 {"error":"Model not found: nope"}""")]
    [InlineData("/api/v1/models/load", """{"model":"nope"}""", """404 {"error":{"type":"model_not_found","message":"Model not found: nope","param":"modelKey"}}""")]
    [InlineData("/api/v1/models/unload", """{"instance_id":"nope"}""", """404 {"error":{"type":"model_not_found","message":"Model not found: nope","param":"instanceId"}}""")]
    public async Task An_unknown_model_is_404(string path, string body, string expected) =>
        Assert.Equal(expected, (await fixture.PostAsync(path, body)).ToString());

    [Theory]
    [InlineData("/admin/models/load", """{"modelKey":"instruct"}""")]
    [InlineData("/admin/models/activate", """{"modelKey":"instruct"}""")]
    public async Task A_name_that_fits_several_models_is_400_and_lists_them(string path, string body) =>
        Assert.Equal(
            """400 {"error":"'instruct' fits several models: granite-3.0-2b-instruct, qwen2-1.5b-instruct, qwen3-vl-4b-instruct. Name one of them in full.","details":["granite-3.0-2b-instruct","qwen2-1.5b-instruct","qwen3-vl-4b-instruct"]}""",
            (await fixture.PostAsync(path, body)).ToString());

    [Fact]
    public async Task An_embedding_model_cannot_be_active() =>
        Assert.Equal(
            """400 {"error":"'text-embedding-nomic-embed-text-v1.5' is an embedding model; only a language model can be active."}""",
            (await fixture.PostAsync("/admin/models/activate", """{"modelKey":"text-embedding-nomic-embed-text-v1.5"}""")).ToString());

    [Fact]
    public async Task Nothing_is_loaded_by_what_is_refused()
    {
        await fixture.PostAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","loadConfig":{"cpuThreads":0}}""");
        await fixture.PostAsync("/api/v1/models/load", """{"model":"qwen2-1.5b-instruct","unknown":1}""");
        Assert.Equal(0, fixture.Gateway.Simulator.State.Counters.Snapshot().LoadsStarted);
        Assert.Empty(fixture.Gateway.Simulator.State.Instances.All);
    }

    [Fact]
    public async Task Of_a_field_that_stands_twice_the_last_one_counts() =>
        Assert.Equal("""404 {"error":"Model not found: second"}""", (await fixture.PostAsync("/admin/models/load", """{"modelKey":"first","model_key":"second"}""")).ToString());
}
