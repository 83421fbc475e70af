namespace LeanNats.Bench;

/// <summary>A million messages from one connection to another: how fast, and that none is lost or out of order.</summary>
internal static class Throughput
{
    private const int Messages = 1_000_000;
    private const int Batch = 1_000;

    public static async IAsyncEnumerable<Row> MeasureAsync(string url)
    {
        await using var from = new NatsConnection(new NatsOpts { Url = url });
        await using var to = new NatsConnection(new NatsOpts { Url = url });
        await using var subscription = await to.SubscribeCoreAsync("bench.many", opts: new NatsSubOpts { FullMode = NatsFullMode.Wait });
        await to.FlushAsync();
        await from.ConnectAsync();

        var start = TimeProvider.System.GetTimestamp();
        var publishing = Task.Run(() => PublishAsync(from));
        var (received, inOrder) = (0, 0);
        await foreach (var message in subscription.ReadAllAsync())
        {
            if (BitConverter.ToInt32(message.Data.Span) == received) inOrder++;
            if (++received == Messages) break;
        }

        var seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        await publishing;
        yield return new Row("LeanNats: messages of 128 bytes, publish to subscription", Messages / seconds, "/s");
        yield return new Row("LeanNats: of 1,000,000 messages in order", inOrder, "") { Least = Messages };
    }

    private static async Task PublishAsync(NatsConnection from)
    {
        var batch = Enumerable.Range(0, Batch).Select(_ => new byte[128]).ToArray();
        var sent = new Task[Batch];
        for (var i = 0; i < Messages; i += Batch)
        {
            for (var j = 0; j < Batch; j++)
            {
                BitConverter.TryWriteBytes(batch[j], i + j);
                sent[j] = from.PublishAsync("bench.many", batch[j]).AsTask();
            }

            await Task.WhenAll(sent);
        }

        await from.FlushAsync();
    }
}
