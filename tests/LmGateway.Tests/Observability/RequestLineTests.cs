using System.Text;
using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Observability.Metrics;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LmGateway.Tests.Observability;

public sealed class RequestLineTests
{
    /// <summary>Bytes that a request may leave behind by being logged: its line's facts, and its part of a queue that grows.</summary>
    private const int Garbage = 250;

    private readonly ManualTime time = new();

    [Fact]
    public void It_tells_where_a_request_ran_and_where_its_time_went() =>
        Assert.Equal("RequestWatch: openai studio/qwen-2 Done in 20 ms (13 ms to the first piece, queued 5 ms, load 2 ms), 9+11 tokens, 127.0.0.1 [r1]", Assert.Single(Log(trace =>
        {
            Run(trace);
            time.Advance(TimeSpan.FromMilliseconds(12.6));
            trace.NotePiece();
            trace.Complete(new Usage(9, 11), "stop");
        })));

    [Fact]
    public void What_is_not_known_is_said_so() =>
        Assert.Equal("RequestWatch: openai -/asked Cancelled in 7 ms (no reply, queued 0 ms, load 0 ms), tokens not told, 127.0.0.1 [r1]", Assert.Single(Log(trace => trace.Leave())));

    [Fact]
    public void A_failure_has_a_second_line() =>
        Assert.Equal(
            ["RequestWatch: openai studio/qwen-2 Failed in 7 ms (no reply, queued 5 ms, load 2 ms), tokens not told, 127.0.0.1 [r1]", "RequestWatch: It failed with backend_fault: It broke down. [r1]"],
            Log(trace =>
            {
                Run(trace);
                trace.Fail(new GatewayError(ErrorCode.BackendFault, "It broke\ndown."));
            }));

    [Fact]
    public void A_name_of_any_length_stands_in_it_whole()
    {
        var model = string.Concat(Enumerable.Repeat("模型", 4000));
        Assert.Contains($" openai -/{model} Cancelled in ", Assert.Single(Log(trace => trace.Leave(), model)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_that_asks_for_text_gets_the_same()
    {
        var model = new string('m', 1000);
        var line = new RequestLine(new CallContext { RequestId = "r1", Api = "nats", Caller = "me" }, "b", model, RequestState.Failed, new InferenceTimes(TimeSpan.FromSeconds(90), default, default, null));
        Assert.Equal($"nats b/{model} Failed in 90000 ms (no reply, queued 0 ms, load 0 ms), tokens not told, me [r1]", line.ToString());
    }

    [Fact]
    public void To_log_a_request_costs_it_a_few_bytes_of_garbage()
    {
        const int Count = 1000;
        using var log = new LineLog(TimeProvider.System, Stream.Null);
        var watch = Watch(log);
        foreach (var trace in Requests(watch, Count)) trace.Complete(new Usage(9, 11), "stop");
        var traces = Requests(watch, Count);
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var trace in traces) trace.Complete(new Usage(9, 11), "stop");
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / Count;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes");
        Assert.InRange(each, 1, Garbage);
    }

    private static List<RequestTrace> Requests(RequestWatch watch, int count)
    {
        var traces = Enumerable.Range(0, count).Select(_ => Begin(watch, "asked")).ToList();
        foreach (var trace in traces)
        {
            Run(trace);
            trace.NotePiece();
        }

        return traces;
    }

    private static void Run(RequestTrace trace)
    {
        trace.Found("studio", "qwen");
        trace.Admitted("qwen-2", TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(2));
    }

    /// <summary>What the log says of one request, without the time and the level.</summary>
    private string[] Log(Action<RequestTrace> happens, string model = "asked")
    {
        using var output = new MemoryStream();
        using (var log = new LineLog(time, output))
        {
            var trace = Begin(Watch(log), model);
            time.Advance(TimeSpan.FromMilliseconds(7.4));
            happens(trace);
        }

        return [.. Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[line.IndexOf("RequestWatch", StringComparison.Ordinal)..])];
    }

    private static RequestTrace Begin(RequestWatch watch, string model) => watch.Begin(new CallContext { RequestId = "r1", Api = "openai", Caller = "127.0.0.1" }, model, streamed: true);

    private RequestWatch Watch(LineLog log)
    {
        var (options, figures) = (new GatewayOptions(), new ServiceFigures());
        var loggers = new LoggerFactory([log], new LoggerFilterOptions { MinLevel = LogLevel.Information });
        return new RequestWatch(new RequestJournal(options), new OperationRecord(figures), figures, new Telemetry(), new EventHub(time), options, time, loggers.CreateLogger<RequestWatch>());
    }
}
