using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

/// <summary>The API token, on the WebSocket and over HTTP.</summary>
public sealed class TokenTests
{
    private const string Token = "sk-lm-ABCDEFGH:0123456789abcdefghij";
    private const string OtherToken = "sk-lm-ABCDEFGH:0123456789abcdefghiX";

    [Fact]
    public async Task The_right_token_opens_every_namespace_and_the_HTTP_server()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { ApiToken = Token }, options => options with { ApiToken = Token });
        Assert.Empty(await rig.Client.Llm.ListLoadedAsync());
        Assert.Empty(await rig.Client.Embedding.ListLoadedAsync());
        Assert.NotEmpty(await rig.Client.System.ListDownloadedModelsAsync());
        Assert.NotEmpty(await rig.Client.Rest.ListModelsAsync());
        Assert.NotEmpty(await rig.Client.Rest.ListModelsV0Async());
    }

    [Theory]
    [InlineData(OtherToken)]
    [InlineData(null)]
    public async Task A_wrong_or_missing_token_is_an_authentication_failure_that_is_not_tried_again(string? token)
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { ApiToken = Token }, options => options with { ApiToken = token });
        Assert.Equal("Invalid API token", (await Assert.ThrowsAsync<LmStudioAuthenticationException>(() => rig.Client.Llm.ListLoadedAsync())).Message);
        Assert.Equal(1, rig.Counters.WebSocketConnections);
        await Assert.ThrowsAsync<LmStudioAuthenticationException>(() => rig.Client.Rest.ListModelsAsync());
        Assert.True(await rig.Client.IsReachableAsync());
    }

    [Fact]
    public async Task A_token_that_was_set_meanwhile_is_asked_of_new_connections()
    {
        await using var rig = await Rig.StartAsync();
        Assert.Empty(await rig.Client.Llm.ListLoadedAsync());
        rig.Studio.Change(settings => settings with { ApiToken = Token });
        Assert.Empty(await rig.Client.Llm.ListLoadedAsync());
        await Assert.ThrowsAsync<LmStudioAuthenticationException>(() => rig.Client.System.GetVersionAsync());
        rig.Studio.Change(settings => settings with { ApiToken = null });
        Assert.NotNull(await rig.Client.System.GetVersionAsync());
    }

    [Fact]
    public async Task A_token_is_not_needed_where_none_is_asked_for()
    {
        await using var rig = await Rig.StartAsync(change: options => options with { ApiToken = Token });
        Assert.Empty(await rig.Client.Llm.ListLoadedAsync());
        Assert.NotEmpty(await rig.Client.Rest.ListModelsAsync());
    }

    [Fact]
    public async Task A_client_identifier_that_another_holds_is_refused()
    {
        await using var rig = await Rig.StartAsync(change: options => options with { ClientIdentifier = "me", ClientPasskey = "1" });
        await rig.Client.Llm.ListLoadedAsync();
        await using var other = new LmStudioClient(rig.Options with { ClientPasskey = "2" });
        var error = await Assert.ThrowsAsync<LmStudioAuthenticationException>(() => other.Llm.ListLoadedAsync());
        Assert.Contains("Invalid client passkey", error.Message, StringComparison.Ordinal);
    }
}
