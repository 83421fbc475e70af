using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Provider;

/// <summary>No request that may have produced tokens is sent twice.</summary>
public sealed class RetryTests
{
    private const int Loaded = 100;

    public static TheoryData<FaultKind, bool> Faults()
    {
        var rows = new TheoryData<FaultKind, bool>();
        foreach (var kind in new[] { FaultKind.Refuse, FaultKind.ResetBeforeHeaders, FaultKind.ErrorStatus, FaultKind.Nonsense, FaultKind.AuthRequired })
        {
            rows.Add(kind, false);
            rows.Add(kind, true);
        }

        foreach (var kind in new[] { FaultKind.ResetAfterTokens, FaultKind.Stall, FaultKind.MalformedEvent, FaultKind.ErrorEvent, FaultKind.NoDone }) rows.Add(kind, true);
        return rows;
    }

    [Theory]
    [MemberData(nameof(Faults))]
    [Trait("req", "S2-51")]
    public async Task Whatever_goes_wrong_after_the_connection_is_made_the_request_is_sent_once(FaultKind kind, bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with
        {
            Inference = options.Inference with { Provider = "lmstudio", HttpMaxRetries = 3, HttpRetryBackoffMs = 1 },
            Timeouts = options.Timeouts with { StreamIdleMs = 500 },
        });
        Assert.Equal(200, (await gateway.ChatAsync()).Status);      // the connection that it leaves behind is used again
        gateway.Simulator.State.Faults.Add(new Fault { Kind = kind, Scope = ProviderGateway.Chat, Count = Loaded, Tokens = 2 });
        using var response = await gateway.PostAsync(ProviderGateway.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 9", $"\"stream\":{(stream ? "true" : "false")}"));
        var text = await response.Content.ReadAsStringAsync();
        if (kind != FaultKind.NoDone) Assert.Contains("\"error\"", text, StringComparison.Ordinal);
        Assert.Equal(Loaded - 1, Assert.Single(gateway.Simulator.State.Faults.All).Count);
    }

    [Fact]
    [Trait("req", "S2-51")]
    public async Task A_time_out_is_not_tried_again()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulator => simulator with { TimeToFirstToken = TimeSpan.FromHours(1) },
            options => options with { Inference = options.Inference with { Provider = "lmstudio", HttpTimeoutSecs = 1, HttpMaxRetries = 3, HttpRetryBackoffMs = 1 } });
        Assert.Equal(504, (await gateway.ChatAsync()).Status);
        Assert.Single(gateway.Seen());
    }
}
