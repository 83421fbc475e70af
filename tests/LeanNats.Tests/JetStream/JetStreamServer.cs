using LeanNats.JetStream;
using LeanNats.JetStream.Models;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.JetStream;

/// <summary>One server with JetStream for a class of tests that do not hurt it. Tests keep apart by their streams.</summary>
public sealed class JetStreamServer : IAsyncLifetime
{
    public NatsServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await NatsServer.StartAsync(jetStream: true);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>A stream of one test.</summary>
internal static class Streams
{
    public static ValueTask<NatsJSStream> AddAsync(NatsJSContext js, string name, Func<StreamConfig, StreamConfig>? change = null)
    {
        var config = new StreamConfig { Name = name, Subjects = [$"{name}.>"] };
        return js.CreateStreamAsync(change is null ? config : change(config));
    }

    public static async Task FillAsync(NatsJSContext js, string name, int count)
    {
        for (var i = 1; i <= count; i++) await js.PublishAsync($"{name}.{i % 2}", $"m{i}".Bytes());
    }

    public static string Text(this NatsJSMsg message) => System.Text.Encoding.UTF8.GetString(message.Data.Span);

    public static async Task<List<T>> TakeAsync<T>(this IAsyncEnumerable<T> items, int count)
    {
        using var deadline = new CancellationTokenSource(NatsServer.Deadline);
        var taken = new List<T>();
        await foreach (var item in items.WithCancellation(deadline.Token))
        {
            taken.Add(item);
            if (taken.Count == count) break;
        }

        return taken;
    }
}
