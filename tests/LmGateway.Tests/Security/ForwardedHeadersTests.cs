using LmGateway.Configuration;
using LmGateway.Security;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class ForwardedHeadersTests
{
    [Theory]
    [InlineData("Authorization")]
    [InlineData("X-API-Key")]
    [InlineData("API-KEY")]
    [InlineData("cookie")]
    [InlineData("Proxy-Authorization")]
    [InlineData("proxy-connection")]
    [InlineData("Connection")]
    [InlineData("Keep-Alive")]
    [InlineData("te")]
    [InlineData("Trailer")]
    [InlineData("transfer-encoding")]
    [InlineData("Upgrade")]
    [InlineData("Host")]
    [InlineData("content-length")]
    [InlineData("Content-Type")]
    [InlineData("X-Conversation-Id")]
    [InlineData("Forwarded")]
    [InlineData("x-forwarded-for")]
    [InlineData("X-Forwarded-Proto")]
    [InlineData("Expect")]
    [InlineData("Accept-Encoding")]
    [InlineData("Origin")]
    [InlineData("Sec-Fetch-Site")]
    public void What_concerns_only_the_caller_never_reaches_a_backend(string name) => Assert.False(ForwardedHeaders.MayPass(name));

    [Theory]
    [InlineData("Accept")]
    [InlineData("User-Agent")]
    [InlineData("OpenAI-Beta")]
    [InlineData("anthropic-version")]
    [InlineData("x-stainless-lang")]
    [InlineData("X-Request-Id")]
    [InlineData("traceparent")]
    [InlineData("X-Title")]
    public void The_rest_does(string name) => Assert.True(ForwardedHeaders.MayPass(name));

    [Theory]
    [InlineData("Connection")]
    [InlineData("keep-alive")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Content-Length")]
    [InlineData("Content-Encoding")]
    [InlineData("Set-Cookie")]
    [InlineData("Access-Control-Allow-Origin")]
    [InlineData("access-control-allow-credentials")]
    [InlineData("Server")]
    [InlineData("Date")]
    [InlineData("X-Powered-By")]
    [InlineData("WWW-Authenticate")]
    public void What_concerns_only_the_backend_never_reaches_a_caller(string name) => Assert.False(ForwardedHeaders.MayReturn(name));

    [Theory]
    [InlineData("Cache-Control")]
    [InlineData("Retry-After")]
    [InlineData("openai-processing-ms")]
    [InlineData("X-Request-Id")]
    public void The_rest_returns(string name) => Assert.True(ForwardedHeaders.MayReturn(name));

    [Fact]
    public void Headers_named_by_the_connection_header_stay_on_that_connection()
    {
        Assert.False(ForwardedHeaders.MayPass("X-Mine", "close, x-mine"));
        Assert.False(ForwardedHeaders.MayReturn("X-Mine", new(["close", "x-MINE "])));
        Assert.True(ForwardedHeaders.MayPass("X-Mine", "close, x-mine-too"));
    }

    [Theory]
    [InlineData(true, null, "Bearer sk-1", "Bearer sk-1")]
    [InlineData(true, "", "bearer sk-1", "bearer sk-1")]
    [InlineData(true, null, "Basic abc", null)]
    [InlineData(true, null, null, null)]
    [InlineData(true, "gateway-key", "Bearer sk-1", null)]
    [InlineData(false, null, "Bearer sk-1", null)]
    public void A_bearer_is_sent_on_only_when_asked_for_and_the_gateway_has_no_key(bool passthrough, string? key, string? sent, string? passed)
    {
        var options = new GatewayOptions
        {
            Security = new SecurityOptions { ApiKey = key },
            Passthrough = new PassthroughOptions { Authorization = passthrough },
        };
        Assert.Equal(passed, ForwardedHeaders.BearerToPass(options, new HeaderDictionary { ["Authorization"] = sent }));
    }
}
