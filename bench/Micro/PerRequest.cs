using BenchmarkDotNet.Attributes;
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
    private readonly Histogram histogram = new(Histogram.Seconds);

    [Benchmark]
    public string? Key() => keys.CallerOf(headers);

    [Benchmark]
    public string Id() => RequestId.Next();

    [Benchmark]
    public string LogLine() => lines.Line(LogLevel.Information, "RequestWatch", "openai bench/bench-1-0 Done in 1 ms (1 ms to the first piece, queued 0 ms, load 0 ms), 9+11 tokens, default [req_0123456789ab00000001]", null);

    [Benchmark]
    public void Measure() => histogram.Note(0.0042);
}
