using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Serving;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional.Limits;

/// <summary>Runs alone, because it measures the memory of the process.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;

/// <summary>Callers who do everything wrong, many times over: the service goes on serving, and nothing of them is left.</summary>
[Collection(nameof(AloneCollection))]
public sealed class AbuseTests
{
    private const string Key = "change-me-please";

    /// <summary>What a garbage collector may leave, in caches and pools that were made on the way.</summary>
    private const long Slack = 24 * 1024 * 1024;

    [Fact]
    public Task Rough_callers_leave_nothing_behind() => AbuseAsync(rounds: 5);

    [Fact]
    [Trait("run", "long")]
    public Task Many_rough_callers_leave_nothing_behind() => AbuseAsync(rounds: 60);

    private static async Task AbuseAsync(int rounds)
    {
        using var connections = new ConnectionCount();
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with
        {
            Security = new SecurityOptions { ApiKey = Key },
            Limits = options.Limits with { HeaderSeconds = 1, BodyBytes = 1024 * 1024, WriteSeconds = 1 },
            Scheduling = options.Scheduling with { OnDemandContextLength = 2_000_000 },
        });
        await RoundAsync(gateway);          // what is made once is made now
        await SettleAsync(gateway, connections);
        var before = Heap();

        for (var round = 0; round < rounds; round++)
        {
            await RoundAsync(gateway);
            Assert.Equal(200, await ServeAsync(gateway));
        }

        await SettleAsync(gateway, connections);
        Assert.True(Heap() <= before + Slack, $"{before} bytes before, {Heap()} after");
    }

    private static async Task RoundAsync(GatewayUnderTest gateway)
    {
        var tasks = Enumerable.Range(0, 8).SelectMany(one => new[]
        {
            TalkAsync(gateway, Chat(gateway, "X-API-Key: wrong\r\n"), "401"),
            TalkAsync(gateway, $"GET /v1/models HTTP/1.1\r\nHost: evil{one}.example\r\nX-API-Key: {Key}\r\nConnection: close\r\n\r\n", "403"),
            TalkAsync(gateway, $"GET /v1/models HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\nX-Large: {new string('x', 60_000)}\r\nConnection: close\r\n\r\n", "431"),
            TalkAsync(gateway, $"POST {InferenceApi.Chat} HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\nX-API-Key: {Key}\r\nContent-Type: application/json\r\nContent-Length: 999999999999\r\n\r\n", "413", thenEnds: true),
            TalkAsync(gateway, "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003" + new string('\u00ff', 200), "400"),
            TalkAsync(gateway, "GARBAGE / / / HTTP/9.9\r\n\r\n", "400"),
            TalkAsync(gateway, Chat(gateway, $"X-API-Key: {Key}\r\n", "{\"model\":[[[[[[[["), "400"),
            TalkAsync(gateway, "GET /v1/models HTT", "408"),
            HalfOpenAsync(gateway),
            NeverReadsAsync(gateway),
        });
        await Task.WhenAll(tasks);
    }

    private static string Chat(GatewayUnderTest gateway, string headers, string? body = null) =>
        RawConnection.Post(gateway.Address, InferenceApi.Chat, body ?? GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "Hi"), headers + "Connection: close\r\n");

    /// <summary>Says something and hears the status of the answer.</summary>
    private static async Task TalkAsync(GatewayUnderTest gateway, string text, string status, bool thenEnds = false)
    {
        using var caller = await RawConnection.OpenAsync(gateway.Address);
        try
        {
            await caller.SendAsync(text);
        }
        catch (IOException)
        {
            // It was refused before it was through.
        }

        var reply = "";
        if (thenEnds)
        {
            reply = await caller.ReadOnceAsync();
            caller.EndSending();
        }

        reply += await caller.ReadToEndAsync();
        Assert.StartsWith($"HTTP/1.1 {status} ", reply, StringComparison.Ordinal);
    }

    /// <summary>Begins a body and goes away.</summary>
    private static async Task HalfOpenAsync(GatewayUnderTest gateway)
    {
        using var caller = await RawConnection.OpenAsync(gateway.Address);
        await caller.SendAsync($"POST {InferenceApi.Chat} HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\nX-API-Key: {Key}\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{new string(' ', 100_000)}");
    }

    /// <summary>Asks for a long stream and never reads it.</summary>
    private static async Task NeverReadsAsync(GatewayUnderTest gateway)
    {
        using var caller = await RawConnection.OpenAsync(gateway.Address, receiveBuffer: 4096);
        await caller.SendAsync(Chat(gateway, $"X-API-Key: {Key}\r\n", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 999999", "\"stream\":true")));
        await Task.Delay(TimeSpan.FromMilliseconds(50));
    }

    private static async Task<int> ServeAsync(GatewayUnderTest gateway)
    {
        using var request = GatewayUnderTest.Request(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 2"));
        request.Headers.Add("X-API-Key", Key);
        using var response = await gateway.Http.SendAsync(request);
        return (int)response.StatusCode;
    }

    private static async Task SettleAsync(GatewayUnderTest gateway, ConnectionCount connections)
    {
        await gateway.NothingIsLeftAsync();
        var (door, admission) = (gateway.Services.GetRequiredService<HttpDoor>(), gateway.Services.GetRequiredService<Admission>());
        await Eventually.TrueAsync(() => door.Inside == 0 && admission.Held == (0, 0), "no request is inside");
        await Eventually.TrueAsync(() => connections.At(gateway.Address) <= 2, "no connection is open but those of the test itself");
    }

    private static long Heap()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>The connections that the web servers of this process have open, by port.</summary>
    private sealed class ConnectionCount : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly ConcurrentDictionary<int, long> open = new();

        public ConnectionCount()
        {
            listener.InstrumentPublished = (instrument, listening) =>
            {
                if (instrument is { Name: "kestrel.active_connections" }) listening.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<long>((_, change, tags, _) =>
            {
                foreach (var tag in tags)
                    if (tag is { Key: "server.port", Value: int port }) open.AddOrUpdate(port, change, (_, count) => count + change);
            });
            listener.Start();
        }

        public long At(Uri address) => open.GetValueOrDefault(address.Port);

        public void Dispose() => listener.Dispose();
    }
}
