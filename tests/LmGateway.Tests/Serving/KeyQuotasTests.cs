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
        Assert.Equal(1, quotas.StateOf(call)!.RequestsLeft);
    }

    [Fact]
    public void The_request_that_passes_a_limit_of_tokens_is_the_last_one_of_the_minute()
    {
        var call = Call(new KeyGrant("a") { TokensPerMinute = 100 });
        quotas.Admit(call);
        quotas.Note(call, new Usage(60, 70));
        Assert.Equal(0, quotas.StateOf(call)!.TokensLeft);
        Assert.Throws<GatewayException>(() => quotas.Admit(call));
        time.Advance(TimeSpan.FromMinutes(1));
        quotas.Admit(call);
    }

    [Fact]
    public void Tokens_of_a_day_are_counted_until_midnight_in_utc()
    {
        var call = Call(new KeyGrant("a") { TokensPerDay = 100 });
        quotas.Note(call, new Usage(50, 50));
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
        Assert.Null(quotas.StateOf(free));
        Assert.Null(quotas.StateOf(Call(null)));
    }

    private static CallContext Call(KeyGrant? grant) => new() { RequestId = "r", Api = "test", Caller = "test", Grant = grant };
}
