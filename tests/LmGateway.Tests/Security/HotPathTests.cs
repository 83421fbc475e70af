using System.Net;
using LmGateway.Configuration;
using LmGateway.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class HotPathTests
{
    private const int Requests = 20_000;
    private const int SizeOfAnIdentity = 48;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("localhost:8000", null)]
    [InlineData("192.168.1.5:8000", null)]
    [InlineData("gateway.example.com", "http://127.0.0.1:3000")]
    public void An_admitted_request_allocates_an_identity_and_nothing_else(string host, string? origin)
    {
        var options = new GatewayOptions
        {
            Security = new SecurityOptions { ApiKey = "change-me-please", AllowedHosts = ["*.example.com"], IpAllowlist = ["10.0.0.0/8", "fd00::/8"] },
        };
        var door = new GatewaySecurity(_ => Task.CompletedTask, new MadeFromSettings<SecurityRules>(options, SecurityRules.From), new KeyRing(options), new StreamTickets(TimeProvider.System), (_, error) => throw new InvalidOperationException(error.Message), NullLogger<GatewaySecurity>.Instance);
        var context = Request(host, origin);
        Assert.True(door.InvokeAsync(context).IsCompletedSuccessfully);

        // Code that the compiler has not optimised yet allocates more: go on until it has.
        var start = TimeProvider.System.GetTimestamp();
        double perRequest;
        do perRequest = BytesPerRequest(door, context);
        while (perRequest > SizeOfAnIdentity + 1 && TimeProvider.System.GetElapsedTime(start) < Patience);
        Assert.InRange(perRequest, 1, SizeOfAnIdentity + 1);
    }

    private static double BytesPerRequest(GatewaySecurity door, HttpContext context)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Requests; i++) _ = door.InvokeAsync(context);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Requests;
    }

    private static DefaultHttpContext Request(string host, string? origin)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse("10.1.2.3");
        context.Connection.LocalIpAddress = IPAddress.Parse("192.168.1.5");
        context.Features.Set<IHttpRequestBodyDetectionFeature>(new WithBody());
        context.Request.Method = "POST";
        context.Request.Path = "/v1/chat/completions";
        context.Request.Headers.Host = host;
        context.Request.Headers.Authorization = "Bearer change-me-please";
        context.Request.ContentType = "application/json";
        context.Request.ContentLength = 950;
        if (origin is not null) context.Request.Headers.Origin = origin;
        return context;
    }

    private sealed class WithBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => true;
    }
}
