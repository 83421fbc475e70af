using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Observability.Metrics;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace LmGateway.Tests.Observability;

public sealed class RequestTraceTests
{
    private readonly ManualTime time = new();
    private readonly RequestTrace trace;

    public RequestTraceTests()
    {
        var (options, figures) = (new GatewayOptions(), new ServiceFigures());
        var watch = new RequestWatch(new RequestJournal(options), new OperationRecord(figures), figures, new Telemetry(), new EventHub(time), options, time, NullLogger<RequestWatch>.Instance);
        trace = watch.Begin(new CallContext { RequestId = "r", Api = "test", Caller = "test" }, "m", streamed: true);
    }

    [Fact]
    public void The_time_until_now_splits_into_queue_load_backend_and_gateway()
    {
        Assert.Equal("total;dur=0.000, queue;dur=0.000, load;dur=0.000, upstream;dur=0.000, gateway;dur=0.000", trace.ServerTiming);
        Pass(1.5);
        trace.Admitted("i", TimeSpan.FromMilliseconds(0.25), TimeSpan.FromMilliseconds(1.006));
        Pass(1234.5678);
        Assert.Equal("total;dur=1236.067, queue;dur=0.250, load;dur=1.006, upstream;dur=1234.567, gateway;dur=0.244", trace.ServerTiming);
        Assert.Equal((1236.0678, 1234.5678, 0.244), (trace.Total.TotalMilliseconds, trace.Upstream.TotalMilliseconds, trace.Overhead.TotalMilliseconds));
    }

    [Fact]
    public void After_its_end_the_times_of_a_request_stand_still()
    {
        Pass(1);
        trace.Admitted("i", TimeSpan.Zero, TimeSpan.Zero);
        Pass(10);
        trace.NotePiece();
        Pass(5);
        trace.Complete(new Usage(3, 5), "stop");
        Pass(1000);
        Assert.Equal((16, 15, 5, 1), (trace.Total.TotalMilliseconds, trace.Upstream.TotalMilliseconds, trace.Generation?.TotalMilliseconds, trace.Overhead.TotalMilliseconds));
        Assert.Equal("total;dur=16.000, queue;dur=0.000, load;dur=0.000, upstream;dur=15.000, gateway;dur=1.000", trace.ServerTiming);
    }

    /// <summary>A wait is measured by whoever waited, and its clock may have been read a moment later.</summary>
    [Fact]
    public void No_part_is_less_than_nothing()
    {
        Pass(1);
        trace.Admitted("i", TimeSpan.FromMilliseconds(2), TimeSpan.Zero);
        Assert.EndsWith("gateway;dur=0.000", trace.ServerTiming, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.Zero, trace.Overhead);
    }

    [Fact]
    public void A_time_of_any_length_fits()
    {
        trace.Admitted("i", TimeSpan.MaxValue, TimeSpan.Zero);
        Assert.Contains(", queue;dur=922337203685477.580, ", trace.ServerTiming, StringComparison.Ordinal);
    }

    private void Pass(double milliseconds) => time.Advance(TimeSpan.FromTicks((long)Math.Round(milliseconds * TimeSpan.TicksPerMillisecond)));
}
