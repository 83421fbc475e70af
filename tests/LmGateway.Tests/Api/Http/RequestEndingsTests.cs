using LmGateway.Api.Http;
using Xunit;

namespace LmGateway.Tests.Api.Http;

/// <summary>The tokens of requests, each of which ends with its caller's and all with the service.</summary>
public sealed class RequestEndingsTests
{
    private readonly RequestEndings endings = new();

    [Fact]
    public void A_request_ends_with_its_caller_and_no_other_does()
    {
        using var caller = new CancellationTokenSource();
        using var one = endings.Begin(caller.Token);
        using var other = endings.Begin(CancellationToken.None);
        caller.Cancel();
        Assert.Equal((true, false), (one.Token.IsCancellationRequested, other.Token.IsCancellationRequested));
    }

    [Fact]
    public void What_a_request_left_behind_on_its_token_is_not_called_for_the_next()
    {
        var called = 0;
        var first = endings.Begin(CancellationToken.None);
        first.Token.Register(() => called++);
        first.Dispose();
        using var caller = new CancellationTokenSource();
        using var second = endings.Begin(caller.Token);
        Assert.Same(first, second);
        caller.Cancel();
        Assert.Equal((true, 0), (second.Token.IsCancellationRequested, called));
    }

    [Fact]
    public void A_caller_that_leaves_after_its_request_ends_nothing()
    {
        using var caller = new CancellationTokenSource();
        endings.Begin(caller.Token).Dispose();
        using var next = endings.Begin(CancellationToken.None);
        caller.Cancel();
        Assert.False(next.Token.IsCancellationRequested);
    }

    [Fact]
    public void A_cancelled_source_is_not_used_again()
    {
        using var caller = new CancellationTokenSource();
        var first = endings.Begin(caller.Token);
        caller.Cancel();
        first.Dispose();
        using var second = endings.Begin(CancellationToken.None);
        Assert.NotSame(first, second);
        Assert.False(second.Token.IsCancellationRequested);
    }

    [Fact]
    public void When_the_service_ends_so_do_all_requests_and_those_that_begin_later()
    {
        using var running = endings.Begin(CancellationToken.None);
        endings.Begin(CancellationToken.None).Dispose();
        endings.EndAll();
        using var late = endings.Begin(CancellationToken.None);
        using var later = endings.Begin(CancellationToken.None);
        Assert.True(running.Token.IsCancellationRequested && late.Token.IsCancellationRequested && later.Token.IsCancellationRequested);
    }
}
