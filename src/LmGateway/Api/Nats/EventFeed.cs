using System.Text.Json;
using LeanNats;
using LmGateway.Events;
using LmGateway.Nats;
using Microsoft.Extensions.Hosting;

namespace LmGateway.Api.Nats;

/// <summary>
/// Publishes everything that happens on <c>lmstudio.events.KIND</c>, from the first connection on. Events of a time without a connection are
/// not made up for.
/// </summary>
internal sealed class EventFeed(NatsLink link, EventHub hub, NatsNode node) : BackgroundService
{
    /// <summary>Messages under way at a time; they keep their order without being waited for one by one.</summary>
    private const int Batch = 256;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (link.Connection is not { } connection) return;
        try
        {
            await link.Connected.WaitAsync(stoppingToken);
            using var events = hub.Subscribe();
            var underWay = new List<Task>(Batch);
            while (true)
            {
                while (underWay.Count < Batch && events.TryRead(out var happened))
                    if (link.State.IsConnected) underWay.Add(PublishAsync(connection, happened, stoppingToken));
                await Task.WhenAll(underWay);
                if (underWay.Count < Batch) await events.WaitAsync(stoppingToken);
                underWay.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
    }

    private async Task PublishAsync(NatsConnection connection, PublishedEvent happened, CancellationToken cancellationToken)
    {
        try
        {
            await connection.PublishAsync($"lmstudio.events.{happened.Event.Subject}", Write(happened), cancellationToken: cancellationToken);
        }
        catch (Exception fault) when (fault is NatsException or ObjectDisposedException)
        {
            // The connection is gone; so is this event.
        }
    }

    private byte[] Write(PublishedEvent happened)
    {
        using var json = new MemoryStream(512);
        using (var writer = new Utf8JsonWriter(json, EventJson.Readable))
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", happened.Id);
            writer.WriteString("event", happened.Event.Subject);
            writer.WriteString("node", node.Id);
            writer.WritePropertyName("data");
            writer.WriteRawValue(happened.Json.Span, skipInputValidation: true);
            writer.WriteEndObject();
        }

        return json.ToArray();
    }
}
