using System.Collections.Concurrent;
using LeanNats;

namespace LmGateway.Api.Nats;

/// <summary>
/// The streams that run now, each with a token. By it a caller can end its stream with a message, and by it the server tells that nobody
/// listens any more: every message of a stream names a reply subject, on which the server answers 503 where no subscription is left.
/// </summary>
internal sealed class OpenStreams(NatsNode node)
{
    private readonly ConcurrentDictionary<string, OpenStream> open = new(StringComparer.Ordinal);
    private NatsSubscription? probes;
    private NatsSubscription? cancels;
    private string probeSubject = "";
    private Task listening = Task.CompletedTask;

    public async Task StartAsync(NatsConnection connection, CancellationToken cancellationToken)
    {
        probeSubject = connection.NewInbox();
        probes = await connection.SubscribeCoreAsync($"{probeSubject}.*", cancellationToken: cancellationToken);
        cancels = await connection.SubscribeCoreAsync(node.Subject("cancel.*"), cancellationToken: cancellationToken);
        listening = Task.WhenAll(HearProbesAsync(probes), HearCancelsAsync(cancels));
    }

    /// <summary>Ends the listening; the streams themselves have ended before.</summary>
    public async Task StopAsync()
    {
        if (probes is not null) await probes.DisposeAsync();
        if (cancels is not null) await cancels.DisposeAsync();
        await listening;
    }

    public OpenStream Open()
    {
        var token = Guid.NewGuid().ToString("N");
        var stream = new OpenStream(open, token) { ProbeSubject = $"{probeSubject}.{token}", CancelSubject = node.Subject($"cancel.{token}") };
        open[token] = stream;
        return stream;
    }

    private async Task HearProbesAsync(NatsSubscription subscription)
    {
        await foreach (var message in Until(subscription))
            if (message.HasNoResponders && Find(message.Subject) is { } stream) await stream.EndAsync(isCancelled: false);
    }

    private async Task HearCancelsAsync(NatsSubscription subscription)
    {
        await foreach (var message in Until(subscription))
        {
            var stream = Find(message.Subject);
            if (stream is not null) await stream.EndAsync(isCancelled: true);
            if (string.IsNullOrEmpty(message.ReplyTo)) continue;
            try
            {
                await message.ReplyAsync(NatsAnswer.Ok(writer => writer.WriteBoolean("cancelled", stream is not null)).ToBytes(node.Id));
            }
            catch (Exception fault) when (fault is NatsException or ObjectDisposedException)
            {
                // Who asked cannot be reached any more.
            }
        }
    }

    private OpenStream? Find(string subject) => open.GetValueOrDefault(subject[(subject.LastIndexOf('.') + 1)..]);

    /// <summary>The messages until the subscription ends, however it ends.</summary>
    private static async IAsyncEnumerable<NatsMsg> Until(NatsSubscription subscription)
    {
        await using var messages = subscription.ReadAllAsync().GetAsyncEnumerator();
        while (await NextAsync(messages)) yield return messages.Current;
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<NatsMsg> messages)
    {
        try
        {
            return await messages.MoveNextAsync();
        }
        catch (NatsException)
        {
            return false;       // the server refused the subject, which the connection tells of
        }
    }
}

/// <summary>One stream while it runs.</summary>
internal sealed class OpenStream(ConcurrentDictionary<string, OpenStream> open, string token) : IDisposable
{
    private readonly CancellationTokenSource ended = new();

    /// <summary>The reply subject of its messages.</summary>
    public required string ProbeSubject { get; init; }

    /// <summary>A message on it ends the stream.</summary>
    public required string CancelSubject { get; init; }

    public CancellationToken Token => ended.Token;

    /// <summary>The caller asked for the end.</summary>
    public bool IsCancelled { get; private set; }

    /// <summary>Nobody listens any more.</summary>
    public bool IsDeserted => ended.IsCancellationRequested && !IsCancelled;

    public async Task EndAsync(bool isCancelled)
    {
        if (ended.IsCancellationRequested) return;
        IsCancelled = isCancelled;
        try
        {
            await ended.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself at this moment.
        }
    }

    public void Dispose()
    {
        open.TryRemove(token, out _);
        ended.Dispose();
    }
}
