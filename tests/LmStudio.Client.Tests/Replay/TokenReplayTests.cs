using System.Text.Json;
using LmStudio.Client.Tests.Servers;
using Xunit;

namespace LmStudio.Client.Tests.Replay;

public sealed class TokenReplayTests
{
    private static readonly Recording Session = Recording.Load("lmstudio-token.jsonl");

    [Fact]
    public async Task An_API_token_is_split_into_identifier_and_passkey()
    {
        var recorded = Session.Frames.First(frame => frame.FromClient).Frame;
        var seen = new TaskCompletionSource<JsonElement>();
        await using var server = await ScriptedServer.StartAsync();
        server.Sockets["/system"] = async socket =>
        {
            seen.SetResult(await socket.AuthenticateAsync());
            await socket.AnswerAllAsync("""{"version":"0.4.21","build":2}""");
        };
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, ApiToken = "sk-lm-abcdefgh:ABCDEFGHIJKLMNOPQRST" });
        await client.System.GetVersionAsync();
        Assert.True(JsonElement.DeepEquals(recorded, await seen.Task));
    }

    [Fact]
    public async Task A_guest_has_a_random_identity_that_is_the_same_on_every_namespace()
    {
        await using var server = await ScriptedServer.StartAsync();
        var frames = new List<JsonElement>();
        server.Sockets["*"] = async socket =>
        {
            var frame = await socket.AuthenticateAsync();
            lock (frames) frames.Add(frame);
            await socket.AnswerAllAsync("[]");
        };
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        await client.Llm.ListLoadedAsync();
        await client.Embedding.ListLoadedAsync();

        Assert.Equal(2, frames.Count);
        Assert.True(JsonElement.DeepEquals(frames[0], frames[1]));
        Assert.Matches("^guest:[A-Za-z0-9+/]{24}$", frames[0].GetProperty("clientIdentifier").GetString());
        Assert.Matches("^[A-Za-z0-9+/]{24}$", frames[0].GetProperty("clientPasskey").GetString());
        Assert.Equal(3, frames[0].EnumerateObject().Count());
    }

    [Theory]
    [InlineData("sk-lm-short:ABCDEFGHIJKLMNOPQRST")]
    [InlineData("abcdefgh:ABCDEFGHIJKLMNOPQRST")]
    [InlineData("sk-lm-abcdefgh:ABCDEFGHIJKLMNOPQRST\n")]
    [InlineData("")]
    public void A_token_of_another_shape_is_refused_without_repeating_it(string token)
    {
        var error = Assert.Throws<ArgumentException>(() => new LmStudioClient(new() { ApiToken = token }));
        if (token.Length > 0) Assert.DoesNotContain(token, error.Message, StringComparison.Ordinal);
    }
}
