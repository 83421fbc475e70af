using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Events;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Debug;

/// <summary>
/// <c>GET /debug/stream</c>: every event of the service as a server-sent event with its number. A reader that comes back with
/// <c>Last-Event-ID</c> gets what it missed; one that is too slow loses the oldest events and is told how many (<c>events_dropped</c>).
/// </summary>
internal sealed class EventStream(EventHub hub, ShutdownLimit shutdown, LiveSettings settings, TimeProvider time)
{
    private const int KeepAliveSeconds = 30;
    private const int MostAtOnce = 64 * 1024;
    private const int FirstRoom = 2 * 1024;
    private const int LongestHead = 256;

    private SchedulingOptions Pace => settings.Current.Scheduling with { HoldHeadersSeconds = KeepAliveSeconds, KeepAliveSeconds = KeepAliveSeconds };

    public async Task RunAsync(HttpContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, shutdown.Begun);
        using var subscription = hub.Subscribe(LastSeen(context.Request));
        await using var writer = new EventStreamWriter(context, Pace, time);
        var text = new ArrayBufferWriter<byte>(FirstRoom);
        try
        {
            await writer.WriteAsync(Greeting());
            while (true)
            {
                while (TakeAll(subscription, text)) await writer.WriteAsync(text.WrittenMemory);
                await subscription.WaitAsync(ending.Token);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The reader has gone, or the service stops.
        }
    }

    private static long? LastSeen(HttpRequest request) =>
        long.TryParse(request.Headers["Last-Event-ID"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : null;

    /// <summary>Everything that is there now, for one write; false where there is nothing.</summary>
    private static bool TakeAll(EventSubscription subscription, ArrayBufferWriter<byte> text)
    {
        text.ResetWrittenCount();
        while (text.WrittenCount < MostAtOnce && subscription.TryRead(out var happened)) Write(text, happened);
        return text.WrittenCount > 0;
    }

    private static void Write(ArrayBufferWriter<byte> text, PublishedEvent happened)
    {
        Utf8.TryWrite(text.GetSpan(LongestHead), CultureInfo.InvariantCulture, $"id: {happened.Id}\nevent: {happened.Event.Name}\ndata: ", out var head);
        text.Advance(head);
        text.Write(happened.Json.Span);
        text.Write("\n\n"u8);
    }

    private byte[] Greeting() => Encoding.UTF8.GetBytes(
        $$"""
        event: connected
        data: {"timestamp":"{{EventJson.Time(time.GetUtcNow())}}","message":"Debug stream connected"}


        """.ReplaceLineEndings("\n"));
}
