using System.Text;

namespace LeanNats.Tests.Servers;

/// <summary>Waits for conditions, with one generous deadline for all.</summary>
internal static class Wait
{
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var deadline = new CancellationTokenSource(NatsServer.Deadline);
        while (!condition())
        {
            if (deadline.IsCancellationRequested) throw new TimeoutException($"It did not happen: {what}.");
            await Task.Delay(2, CancellationToken.None);
        }
    }

    public static Task<T> ForAsync<T>(Task<T> task) => task.WaitAsync(NatsServer.Deadline);

    public static Task ForAsync(Task task) => task.WaitAsync(NatsServer.Deadline);

    /// <summary>The next message.</summary>
    public static async Task<NatsMsg> NextAsync(this NatsSubscription subscription)
    {
        using var deadline = new CancellationTokenSource(NatsServer.Deadline);
        return await subscription.Msgs.ReadAsync(deadline.Token);
    }

    /// <summary>The next event of a kind.</summary>
    public static async Task<T> NextAsync<T>(this IAsyncEnumerator<NatsEvent> events)
        where T : NatsEvent
    {
        while (await ForAsync(events.MoveNextAsync().AsTask()))
            if (events.Current is T wanted)
                return wanted;
        throw new InvalidOperationException($"The events ended without {typeof(T).Name}.");
    }

    /// <summary>Publishes, again if the connection breaks meanwhile, until the server has it.</summary>
    public static async Task PublishConfirmedUntilSentAsync(this NatsConnection nats, string subject)
    {
        using var deadline = new CancellationTokenSource(NatsServer.Deadline);
        while (true)
        {
            try
            {
                await nats.PublishConfirmedAsync(subject, cancellationToken: deadline.Token);
                return;
            }
            catch (NatsConnectionLostException)
            {
                // Once more.
            }
        }
    }

    public static string Text(this NatsMsg message) => Encoding.UTF8.GetString(message.Data.Span);

    public static byte[] Bytes(this string text) => Encoding.UTF8.GetBytes(text);
}
