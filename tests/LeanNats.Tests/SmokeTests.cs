using System.Text;
using LeanNats.Tests.Servers;
using Xunit;

namespace LeanNats.Tests;

public class SmokeTests
{
    [Fact]
    public async Task X()
    {
        await using var server = await NatsServer.StartAsync();
        await using var nats = server.Connect();
        var sub = await nats.SubscribeCoreAsync("a.*", "q");
        var t = Task.Run(async () => { await foreach (var m in sub.ReadAllAsync()) await m.ReplyAsync(m.Data, new NatsHeaders { ["X"] = new[] { "1", "2" } }); });
        var r = await nats.RequestAsync("a.b", "hi"u8.ToArray());
        Assert.Equal("hi", Encoding.UTF8.GetString(r.Data.Span));
        Assert.Equal(2, r.Headers!["X"].Count);
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await nats.RequestAsync("nobody"));
        var sw = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 5000; i++) await nats.RequestAsync("a.b", "hi"u8.ToArray());
        Console.WriteLine($"req {sw.Elapsed.TotalMilliseconds / 5} us");
        sw.Restart();
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ => { for (var i = 0; i < 1000; i++) await nats.RequestAsync("a.b", "hi"u8.ToArray()); }));
        Console.WriteLine($"req64 {64000 / sw.Elapsed.TotalSeconds} /s");
        sw.Restart();
        var data = new byte[128];
        for (var i = 0; i < 200000; i++) await nats.PublishAsync("nowhere", data);
        Console.WriteLine($"pub seq {200000 / sw.Elapsed.TotalSeconds} /s");
        sw.Restart();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () => { for (var i = 0; i < 100000; i++) await nats.PublishAsync("nowhere", data); })));
        Console.WriteLine($"pub 4x {400000 / sw.Elapsed.TotalSeconds} /s");
        sw.Restart();
        var tasks = new List<Task>();
        for (var i = 0; i < 1000000; i++) { var v = nats.PublishAsync("nowhere", data); if (!v.IsCompletedSuccessfully) tasks.Add(v.AsTask()); }
        await Task.WhenAll(tasks); await nats.FlushAsync();
        Console.WriteLine($"pub unawaited {1000000 / sw.Elapsed.TotalSeconds} /s");
        await nats.DrainAsync();
        await t;
    }
}
