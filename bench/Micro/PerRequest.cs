using System.Buffers;
using BenchmarkDotNet.Attributes;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Observability.Metrics;
using LmGateway.Security;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LmGateway.Micro;

/// <summary>What every request pays beside its bytes.</summary>
public class PerRequest
{
    private readonly ApiKeys keys = new([new("default", "bench-0123456789abcdef0123456789abcdef")]);
    private readonly HeaderDictionary headers = new() { ["Authorization"] = "Bearer bench-0123456789abcdef0123456789abcdef" };
    private readonly LineFormatter lines = new(TimeProvider.System);
    private readonly ArrayBufferWriter<byte> batch = new(1024);
    private readonly RequestLine line = new(new CallContext { RequestId = "req_0123456789ab00000001", Api = "openai", Caller = "default" }, "bench", "bench-1-0", RequestState.Done, new InferenceTimes(TimeSpan.FromMilliseconds(1), default, default, TimeSpan.FromMilliseconds(1))) { Usage = new Usage(9, 11) };
    private readonly Histogram histogram = new(Histogram.Seconds);

    [Benchmark]
    public string? Key() => keys.CallerOf(headers);

    [Benchmark]
    public string Id() => RequestId.Next();

    [Benchmark]
    public int LogLine()
    {
        batch.ResetWrittenCount();
        lines.Write(new LogEntry(DateTimeOffset.UnixEpoch, LogLevel.Information, "RequestWatch", line), batch);
        return batch.WrittenCount;
    }

    [Benchmark]
    public void Measure() => histogram.Note(0.0042);
}
