using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace LmGateway.Tests.Api.Http;

public sealed class PassedHeadersTests
{
    private static readonly GatewayOptions Options = new();

    [Fact]
    public void What_may_pass_is_followed_by_the_id_of_the_request()
    {
        var context = Request(("Host", "here"), ("Accept", "a/b"), ("X-Request-Id", "theirs"), ("Cookie", "c=1"), ("X-Title", "t"), ("Sec-Fetch-Site", "none"));
        Assert.Equal([new("Accept", "a/b"), new("X-Title", "t"), new("x-request-id", "ours")], context.HeadersToPass(Options));
    }

    [Fact]
    public void The_length_of_the_body_does_not_pass_and_is_still_known()
    {
        var context = Request(("Accept", "a/b"));
        context.Request.ContentLength = 17;
        Assert.Equal([new("Accept", "a/b"), new("x-request-id", "ours")], context.HeadersToPass(Options));
        Assert.Equal(17, context.Request.ContentLength);
    }

    [Fact]
    public void There_may_be_more_of_them_than_usual()
    {
        var sent = Enumerable.Range(0, 100).Select(number => new Header($"x-{number}", $"{number}")).ToArray();
        var context = Request([.. sent.Select(header => (header.Name, header.Value))]);
        Assert.Equal([.. sent, new("x-request-id", "ours")], context.HeadersToPass(Options));
    }

    [Fact]
    public void Each_value_of_a_header_passes_by_itself()
    {
        var context = Request();
        context.Request.Headers["X-Tag"] = new(["one", "two"]);
        Assert.Equal([new("X-Tag", "one"), new("X-Tag", "two"), new("x-request-id", "ours")], context.HeadersToPass(Options));
    }

    private static DefaultHttpContext Request(params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext { TraceIdentifier = "ours" };
        foreach (var (name, value) in headers) context.Request.Headers[name] = value;
        return context;
    }
}
