using System.Text.Json;
using Xunit;

namespace LmStudio.Client.Tests.Servers;

/// <summary>
/// Plays the server's side of a recording, and fails unless the client sends, frame by frame, what LM Studio's own client sent.
/// </summary>
internal sealed class ReplayServer(ScriptedServer server, IReadOnlyDictionary<string, TaskCompletionSource> ends) : IAsyncDisposable
{
    public LmStudioClient Client { get; } = new(new LmStudioClientOptions { BaseAddress = server.Address });

    public static async Task<ReplayServer> StartAsync(Recording recording)
    {
        var server = await ScriptedServer.StartAsync();
        var ends = new Dictionary<string, TaskCompletionSource>();
        foreach (var path in recording.Frames.GroupBy(frame => frame.Path))
        {
            var end = ends[path.Key] = new TaskCompletionSource();
            var frames = path.ToList();
            server.Sockets[path.Key] = async socket =>
            {
                await socket.AuthenticateAsync();
                await PlayAsync(socket, frames, end);
            };
        }

        return new ReplayServer(server, ends);
    }

    /// <summary>The whole recording was played.</summary>
    public Task EndAsync() => Task.WhenAll(ends.Values.Select(end => end.Task)).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await server.DisposeAsync();
    }

    private static async Task PlayAsync(ServerSocket socket, List<RecordedFrame> frames, TaskCompletionSource end)
    {
        try
        {
            foreach (var recorded in frames)
            {
                if (!recorded.FromClient)
                {
                    await socket.SendAsync(recorded.Frame.GetRawText());
                    continue;
                }

                var sent = await socket.ReceiveAsync();
                Assert.True(JsonElement.DeepEquals(recorded.Frame, sent), $"recorded: {recorded.Frame}\nsent:     {sent}");
            }

            end.SetResult();
        }
        catch (Exception e)
        {
            end.TrySetException(e);
            socket.Abort();
            return;
        }

        await socket.StaySilentAsync();
    }
}
