using System.Text.Json;
using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.Replay;

/// <summary>Every kind of refusal and failure in the recordings becomes its own typed exception.</summary>
public sealed class ErrorReplayTests
{
    private static readonly Recording Errors = Recording.Load("lmstudio-errors.jsonl");

    [Theory]
    [InlineData("Failed to validate client: Invalid client passkey for client \"guest:x\"")]
    [InlineData("Connection closed before authentication completed")]
    [InlineData("Invalid API token")]
    public async Task A_refused_authentication_is_typed_and_not_tried_again(string text)
    {
        var refusal = Errors.Frames.Concat(Recording.Load("lmstudio-token.jsonl").Frames)
            .First(frame => frame.Frame.ValueKind == JsonValueKind.Object && frame.Frame.TryGetProperty("error", out var error)
                && error.ValueKind == JsonValueKind.String && error.GetString() == text).Frame;
        await using var server = await ScriptedServer.StartAsync();
        server.Sockets["/llm"] = async socket =>
        {
            await socket.ReceiveAsync();
            await socket.SendAsync(refusal.GetRawText());
            await socket.CloseAsync();
        };
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var error = await Assert.ThrowsAsync<LmStudioAuthenticationException>(() => client.Llm.ListLoadedAsync());
        Assert.Equal(text, error.Message);
        Assert.Equal(1, server.ConnectionsTo("/llm"));
    }

    [Fact]
    public async Task An_unknown_endpoint_is_typed_and_remembered_for_the_connection()
    {
        var warning = Warning("rpcEndpointUnknown").Replace("nope", "info", StringComparison.Ordinal);
        var calls = 0;
        await using var server = await ScriptedServer.StartAsync("/system", async socket =>
        {
            while (await socket.TryReceiveAsync() is not null)
            {
                calls++;
                await socket.SendAsync(warning);
            }
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var error = await Assert.ThrowsAsync<LmStudioEndpointMissingException>(() => client.System.GetInfoAsync());
        Assert.Equal("info", error.Endpoint);
        await Assert.ThrowsAsync<LmStudioEndpointMissingException>(() => client.System.GetInfoAsync());
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task An_unknown_channel_endpoint_is_typed()
    {
        var warning = Warning("channelEndpointUnknown").Replace("nope", "createDownloadPlan", StringComparison.Ordinal);
        await using var server = await ServerThatAnswersFirstWith("/repository", warning);
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var error = await Assert.ThrowsAsync<LmStudioEndpointMissingException>(() => client.Repository.DownloadAsync(DownloadTarget.HuggingFace("a", "b")));
        Assert.Equal("createDownloadPlan", error.Endpoint);
    }

    [Theory]
    [InlineData("rpcParameterTypeError", true)]
    [InlineData("rpcParameterTypeError", false)]
    public async Task A_refused_parameter_fails_the_call_with_and_without_a_kind(string kind, bool withKind)
    {
        var frame = JsonElement.Parse(Warning(kind));
        var text = JsonEncodedText.Encode(frame.GetProperty("warning").GetString()!);
        var warning = withKind ? frame.GetRawText() : $$"""{"type":"communicationWarning","warning":"{{text}}"}""";
        await using var server = await ServerThatAnswersFirstWith("/system", warning);
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var error = await Assert.ThrowsAsync<LmStudioProtocolException>(() => client.System.GetVersionAsync());
        Assert.Equal(withKind ? kind : null, error.Kind);
        Assert.StartsWith("Received invalid parameter for rpcCall", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_creation_parameter_fails_the_channel()
    {
        await using var server = await ServerThatAnswersFirstWith("/llm", Warning("channelCreationParameterTypeError"));
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var error = await Assert.ThrowsAsync<LmStudioProtocolException>(() => client.Llm.LoadModelAsync(new() { ModelKey = "qwen/qwen3-4b" }));
        Assert.Equal("channelCreationParameterTypeError", error.Kind);
    }

    [Fact]
    public async Task A_warning_about_another_endpoint_fails_nothing_and_is_passed_on()
    {
        var warnings = new List<LmStudioWarning>();
        await using var server = await ScriptedServer.StartAsync("/system", async socket =>
        {
            var call = await socket.ReceiveAsync();
            await socket.SendAsync(Warning("channelUnknown"));
            await socket.SendAsync(Warning("rpcEndpointUnknown"));
            await socket.ResultAsync(call, """{"version":"0.4.21","build":2}""");
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, OnWarning = warnings.Add });
        Assert.Equal("0.4.21", (await client.System.GetVersionAsync()).Version);
        Assert.Equal(["channelUnknown", "rpcEndpointUnknown"], warnings.Select(warning => warning.Kind));
    }

    [Fact]
    public async Task A_missing_model_is_path_not_found()
    {
        await using var server = await ServerThatAnswersFirstWith("/llm", ChannelError(1));
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => client.Llm.LoadModelAsync(new() { ModelKey = "missing" }));
        var details = Assert.IsType<LmStudioErrorDetails.PathNotFound>(error.Details);
        Assert.Equal(("missing", 1), (details.Path, details.TotalModels));
        Assert.Equal(["qwen/qwen3-4b"], details.AvailablePathsSample);
        Assert.Equal("generic.pathNotFound", details.Code);
        Assert.Equal("Cannot find a model with path \"missing\"", error.Message);
        Assert.Equal("Cannot find a model with path \"missing\"", error.Error.RootTitle);
        Assert.DoesNotContain("Error: ...", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_embedding_model_on_the_llm_namespace_is_a_domain_mismatch()
    {
        await using var server = await ServerThatAnswersFirstWith("/llm", ChannelError(3));
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => client.Llm.LoadModelAsync(new() { ModelKey = "text-embedding-nomic-embed-text-v1.5" }));
        var details = Assert.IsType<LmStudioErrorDetails.DomainMismatch>(error.Details);
        Assert.Equal(("embedding", "llm"), (details.ActualDomain, details.ExpectedDomain));
    }

    [Fact]
    public async Task Nothing_loaded_is_no_model_matching_query_or_null()
    {
        await using var replay = await ReplayServer.StartAsync(Errors.Only("/llm", 4, 5));
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => replay.Client.Llm.GetModelInfoAsync(ModelSpecifier.Any));
        var details = Assert.IsType<LmStudioErrorDetails.NoModelMatchingQuery>(error.Details);
        Assert.Empty(details.LoadedModelsSample);
        Assert.Equal("llm", details.Query!.Value.GetProperty("domain").GetString());
        Assert.Null(await replay.Client.Llm.FindModelInfoAsync(ModelSpecifier.Any));
        await replay.EndAsync();
    }

    [Fact]
    public async Task An_identifier_that_is_taken_fails_after_the_model_was_resolved()
    {
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            await socket.ReceiveAsync();
            foreach (var frame in Errors.Only("/llm", 7).Frames.Where(frame => !frame.FromClient)) await socket.SendAsync(frame.Frame.GetRawText());
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var events = new EventList<LoadEvent>();
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(
            () => client.Llm.LoadModelAsync(new() { ModelKey = "qwen/qwen3-4b", Identifier = "a" }, events));
        Assert.Equal("Model load error: A model with the identifier \"a\" already exists.", error.Message);
        Assert.Null(error.Details);
        Assert.IsType<LoadEvent.Resolved>(Assert.Single(events.Items));
    }

    [Fact]
    public async Task Unloading_an_unknown_identifier_is_identifier_not_found_and_a_known_one_succeeds()
    {
        await using var replay = await ReplayServer.StartAsync(Errors.Only("/llm", 9, 10));
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => replay.Client.Llm.UnloadModelAsync("zz"));
        var details = Assert.IsType<LmStudioErrorDetails.IdentifierNotFound>(error.Details);
        Assert.Equal(["a", "qwen/qwen3-4b"], details.LoadedModelsSample);
        await replay.Client.Llm.UnloadModelAsync("a");
        await replay.EndAsync();
    }

    private static string Warning(string kind) => Errors.Frames
        .First(frame => frame.Frame.ValueKind == JsonValueKind.Object && frame.Frame.TryGetProperty("kind", out var found) && found.GetString() == kind)
        .Frame.GetRawText();

    /// <summary>The recorded error of a channel, addressed to the first id of a fresh connection.</summary>
    private static string ChannelError(int id) =>
        Errors.Only("/llm", id).Frames.First(frame => frame.Frame.GetProperty("type").GetString() == "channelError").Frame.GetRawText();

    private static Task<ScriptedServer> ServerThatAnswersFirstWith(string path, string answer) => ScriptedServer.StartAsync(path, async socket =>
    {
        await socket.ReceiveAsync();
        await socket.SendAsync(answer);
        await socket.StaySilentAsync();
    });
}
