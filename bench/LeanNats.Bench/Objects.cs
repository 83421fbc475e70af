using System.Diagnostics;
using LeanNats.JetStream;
using LeanNats.ObjectStore;

namespace LeanNats.Bench;

/// <summary>A gigabyte from a file into the object store and back into a file, and how far memory grows meanwhile.</summary>
internal static class Objects
{
    private const long Size = 1024L * 1024 * 1024;
    private const int Warm = 1024 * 1024;
    private const double MegaByte = 1_000_000;

    public static async IAsyncEnumerable<Row> MeasureAsync(string url)
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = url });
        var store = await new NatsObjContext(new NatsJSContext(nats)).CreateObjectStoreAsync("bench");
        var folder = Directory.CreateTempSubdirectory("leannats-bench-").FullName;
        try
        {
            var (small, original, copy) = (Path.Combine(folder, "small"), Path.Combine(folder, "original"), Path.Combine(folder, "copy"));
            await WriteAsync(small, Warm);
            await WriteAsync(original, Size);
            await PutAsync(store, small);
            await GetAsync(store, copy);
            GC.Collect();
            var idle = Resident();

            var put = await MeasureAsync(idle, () => PutAsync(store, original));
            yield return new Row("LeanNats: object put of 1 GiB from a file", put.MegaBytesPerSecond, "MB/s") { Least = 200 };
            yield return new Row("LeanNats: object put, processor time of the client", put.ProcessorTime, "s");
            yield return new Row("LeanNats: object put, memory over idle", put.Growth, "MB") { Most = 64 };
            var disk = await MeasureAsync(idle, () => CopyAsync(original, Path.Combine(folder, "new")));
            yield return new Row("this disk: 1 GiB copied into a new file", disk.MegaBytesPerSecond, "MB/s");
            var get = await MeasureAsync(idle, () => GetAsync(store, copy));
            yield return new Row("LeanNats: object get of 1 GiB into a file", get.MegaBytesPerSecond, "MB/s") { Least = 200 };
            yield return new Row("LeanNats: object get, processor time of the client", get.ProcessorTime, "s");
            yield return new Row("LeanNats: object get, memory over idle", get.Growth, "MB") { Most = 64 };
            var discard = await MeasureAsync(idle, async () => await store.GetAsync("object", Stream.Null));
            yield return new Row("LeanNats: object get of 1 GiB, discarded", discard.MegaBytesPerSecond, "MB/s");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task PutAsync(NatsObjStore store, string path)
    {
        await using var file = File.OpenRead(path);
        await store.PutAsync("object", file);
    }

    private static async Task GetAsync(NatsObjStore store, string path)
    {
        await using var file = File.Create(path);
        await store.GetAsync("object", file);
    }

    private static async Task CopyAsync(string from, string to)
    {
        await using var source = File.OpenRead(from);
        await using var destination = File.Create(to);
        await source.CopyToAsync(destination, 128 * 1024);
    }

    private static async Task<(double MegaBytesPerSecond, double Growth, double ProcessorTime)> MeasureAsync(long idle, Func<Task> work)
    {
        var start = TimeProvider.System.GetTimestamp();
        var processor = Environment.CpuUsage.TotalTime;
        var working = work();
        var most = idle;
        while (await Task.WhenAny(working, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System)) != working)
            most = Math.Max(most, Resident());
        await working;
        return (Size / MegaByte / TimeProvider.System.GetElapsedTime(start).TotalSeconds, (most - idle) / MegaByte,
            (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
    }

    private static long Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    private static async Task WriteAsync(string path, long size)
    {
        var block = new byte[1024 * 1024];
        Random.Shared.NextBytes(block);
        await using var file = File.Create(path);
        for (var rest = size; rest > 0; rest -= block.Length) await file.WriteAsync(block);
    }
}
