using System.Net.Http.Headers;
using System.Text;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>What came back for a bad request.</summary>
internal sealed record BadReply(int Status, string Body, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    /// <summary>Status and body, as tests compare them.</summary>
    public override string ToString() => $"{Status} {Body}";
}

/// <summary>
/// One service for many bad requests, with small limits. Each one is sent as a page of another origin would send it, and after each
/// one nothing of it is left: no held byte, and nothing open in LM Studio.
/// </summary>
public sealed class BadInputGateway : IAsyncLifetime
{
    internal const int LargestBody = 16 * 1024;
    internal const int LargestStreamedBody = 32 * 1024;
    internal const string Origin = "http://localhost:3000";
    internal const string RequestId = "a-request-of-the-tests";

    internal GatewayUnderTest Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Gateway = await GatewayUnderTest.StartAsync(configure: options => options with
    {
        Limits = new LimitOptions { BodyBytes = LargestBody, StreamBodyBytes = LargestStreamedBody },
    });

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();

    internal Task<BadReply> PostAsync(string path, string json) => PostAsync(path, Encoding.UTF8.GetBytes(json));

    internal Task<BadReply> PostAsync(string path, byte[] json)
    {
        var content = new ByteArrayContent(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = content });
    }

    internal Task<BadReply> SendAsync(HttpRequestMessage request) => SendAsync(Gateway, request);

    internal static async Task<BadReply> SendAsync(GatewayUnderTest gateway, HttpRequestMessage request)
    {
        request.Headers.Add("Origin", Origin);
        request.Headers.Add("x-request-id", RequestId);
        using (request)
        {
            using var response = await gateway.Http.SendAsync(request);
            var body = await response.Content.ReadAsStringAsync();
            AssertHeaders(request, response);
            await AssertNothingLeftAsync(gateway);
            return new BadReply((int)response.StatusCode, body, response.Headers, response.Content.Headers);
        }
    }

    internal static async Task AssertNothingLeftAsync(GatewayUnderTest gateway)
    {
        var budget = gateway.Services.GetRequiredService<BodyBudget>();
        await Eventually.TrueAsync(() => budget.Held == 0, "no request body is held");
        if (gateway.Simulator is null) return;
        var counters = gateway.Simulator.State.Counters;
        await Eventually.TrueAsync(() => counters.Snapshot() is { OpenStreams: 0, OpenRequests: 0 }, "nothing is open in LM Studio");
    }

    private static void AssertHeaders(HttpRequestMessage request, HttpResponseMessage response)
    {
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(RequestId, Assert.Single(response.Headers.GetValues("x-request-id")));
        Assert.Equal(Origin, Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("x-request-id, request-id, retry-after", string.Join(", ", response.Headers.GetValues("Access-Control-Expose-Headers")));
        if (request.RequestUri!.OriginalString.StartsWith("/v1/messages", StringComparison.Ordinal))
            Assert.Equal(RequestId, Assert.Single(response.Headers.GetValues("request-id")));
    }
}
