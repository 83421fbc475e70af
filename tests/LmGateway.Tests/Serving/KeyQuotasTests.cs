using LmGateway.Serving;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving;

public sealed class KeyQuotasTests
{
    private readonly ManualTime time = new();
    private readonly KeyQuotas quotas;

    public KeyQuotasTests() => quotas = new KeyQuotas(time);

    [Fact]
    public void Requests_of_a_minute_are_counted_until_the_next_minute()
    {
        var call = Call(new KeyGrant("a") { RequestsPerMinute = 2 });
        time.Advance(TimeSpan.FromSeconds(20));
        quotas.Admit(call);
        quotas.Admit(call);
        var refused = Assert.Throws<GatewayException>(() => quotas.Admit(call)).Error;
        Assert.Equal((ErrorCode.RateLimited, TimeSpan.FromSeconds(40)), (refused.Code, refused.RetryAfter));
        time.Advance(refused.RetryAfter!.Value);
        quotas.Admit(call);
        Assert.Equal(1, quotas.StateOf(call.Grant)!.Requests!.Value.Left);
    }

    [Fact]
    public void The_request_that_passes_a_limit_of_tokens_is_the_last_one_of_the_minute()
    {
        var call = Call(new KeyGrant("a") { TokensPerMinute = 100 });
        quotas.Admit(call);
        quotas.Note(call, new Usage(60, 70), NoEstimate);
        Assert.Equal(0, quotas.StateOf(call.Grant)!.Tokens!.Value.Left);
        Assert.Throws<GatewayException>(() => quotas.Admit(call));
        time.Advance(TimeSpan.FromMinutes(1));
        quotas.Admit(call);
    }

    [Fact]
    public void Tokens_of_a_day_are_counted_until_midnight_in_utc()
    {
        var call = Call(new KeyGrant("a") { TokensPerDay = 100 });
        quotas.Note(call, new Usage(50, 50), NoEstimate);
        time.Advance(TimeSpan.FromHours(23));
        var refused = Assert.Throws<GatewayException>(() => quotas.Admit(call)).Error;
        Assert.Equal(TimeSpan.FromHours(1), refused.RetryAfter);
        time.Advance(TimeSpan.FromHours(1));
        quotas.Admit(call);
    }

    [Fact]
    public void Keys_do_not_use_up_one_another_s_limits_and_a_key_without_limits_has_none()
    {
        var (one, other, free) = (Call(new KeyGrant("a") { RequestsPerMinute = 1 }), Call(new KeyGrant("b") { RequestsPerMinute = 1 }), Call(new KeyGrant("c")));
        quotas.Admit(one);
        quotas.Admit(other);
        for (var i = 0; i < 100; i++) quotas.Admit(free);
        Assert.Null(quotas.StateOf(free.Grant));
        Assert.Null(quotas.StateOf(null));
    }

    [Fact]
    public void What_a_backend_did_not_count_is_estimated()
    {
        var call = Call(new KeyGrant("a") { TokensPerMinute = 100 });
        quotas.Note(call, usage: null, () => new Usage(30, 40));
        Assert.Equal(30, quotas.StateOf(call.Grant)!.Tokens!.Value.Left);
        quotas.Note(Call(new KeyGrant("b") { RequestsPerMinute = 1 }), usage: null, NoEstimate);     // nobody asks for its tokens
    }

    [Fact]
    public void Of_two_limits_of_tokens_the_one_that_ends_first_is_told()
    {
        var call = Call(new KeyGrant("a") { TokensPerMinute = 100, TokensPerDay = 150 });
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(new QuotaPart(100, 100, TimeSpan.FromMinutes(1)), quotas.StateOf(call.Grant)!.Tokens);
        quotas.Note(call, new Usage(50, 49), NoEstimate);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(new QuotaPart(150, 51, TimeSpan.FromHours(23) - TimeSpan.FromMinutes(1)), quotas.StateOf(call.Grant)!.Tokens);
        Assert.Equal(150, quotas.StateOf(new KeyGrant("b") { TokensPerDay = 150 })!.Tokens!.Value.Limit);
        Assert.Null(quotas.StateOf(new KeyGrant("c") { TokensPerDay = 150 })!.Requests);
    }

    private static Usage NoEstimate() => throw new InvalidOperationException("There is nothing to estimate.");

    private static CallContext Call(KeyGrant? grant) => new() { RequestId = "r", Api = "test", Caller = "test", Grant = grant };
}
