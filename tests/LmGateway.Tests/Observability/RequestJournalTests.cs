using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Observability.Metrics;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace LmGateway.Tests.Observability;

public sealed class RequestJournalTests
{
    private readonly RequestJournal journal = new(new GatewayOptions { Journal = new JournalOptions { Size = 16 } });
    private readonly RequestWatch watch;

    public RequestJournalTests()
    {
        var figures = new ServiceFigures();
        watch = new RequestWatch(journal, new OperationRecord(figures), figures, new Telemetry(), new EventHub(TimeProvider.System), new GatewayOptions(), TimeProvider.System, NullLogger<RequestWatch>.Instance);
    }

    [Fact]
    public void The_newest_requests_are_remembered_newest_first()
    {
        for (var i = 0; i < 100; i++) Begin(i).Complete(null, null);
        Assert.Equal(Enumerable.Range(84, 16).Reverse().Select(i => $"r{i}"), journal.All().Select(trace => trace.Call.RequestId));
        Assert.Equal((100, 0, 0), (journal.Begun, journal.Failed, journal.Active));
    }

    [Fact]
    public void A_request_that_runs_is_not_pushed_out_by_later_ones()
    {
        var running = Begin(0);
        for (var i = 1; i < 100; i++) Begin(i).Complete(null, null);
        Assert.Same(running, journal.Find("r0"));
        Assert.Equal(1, journal.Active);
        running.Leave();
        for (var i = 100; i < 200; i++) Begin(i).Complete(null, null);
        Assert.Null(journal.Find("r0"));
    }

    [Fact]
    public void More_running_requests_than_places_push_one_another_out()
    {
        for (var i = 0; i < 100; i++) Begin(i);
        Assert.Equal(16, journal.All().Count);
        Assert.Equal(100, journal.Active);
    }

    [Fact]
    public void The_first_end_of_a_request_counts()
    {
        var trace = Begin(0);
        trace.Fail(new GatewayError(ErrorCode.BackendFault, "no"));
        trace.Complete(new Usage(1, 1), "stop");
        trace.Leave();
        Assert.Equal(RequestState.Failed, trace.State);
        Assert.Equal((1, 1, 0), (journal.Begun, journal.Failed, journal.Active));
    }

    [Fact]
    public async Task Requests_that_begin_and_end_at_the_same_time_are_all_counted()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(lane => Task.Run(() =>
        {
            for (var i = 0; i < 5000; i++) Begin(i).Complete(null, null);
        })));
        Assert.Equal((40_000, 0), (journal.Begun, journal.Active));
        Assert.Equal(16, journal.All().Count);
    }

    private RequestTrace Begin(int number) => watch.Begin(new CallContext { RequestId = $"r{number}", Api = "test", Caller = "test" }, "m", streamed: false);
}
