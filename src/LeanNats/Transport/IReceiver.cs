using LeanNats.Protocol;

namespace LeanNats.Transport;

/// <summary>Who gets the messages of one SUB: a subscription of the user, or the inbox for replies to requests.</summary>
internal interface IReceiver
{
    long Sid { get; }

    string Subject { get; }

    string? QueueGroup { get; }

    /// <summary>How many more messages it takes; null without a limit.</summary>
    int? Remaining { get; }

    /// <summary>The connection that has its SUB. Written under that writer's lock.</summary>
    SessionWriter? Writer { get; set; }

    /// <summary>
    /// Takes a message out of the frame before it returns. Only a subscription with <see cref="NatsFullMode.Wait"/> returns something
    /// to wait for.
    /// </summary>
    ValueTask ReceiveAsync(in ServerFrame frame);

    /// <summary>No more messages come; the reason is null at an ordinary end.</summary>
    void End(Exception? reason);

    /// <summary>The connection was lost; messages may be missing.</summary>
    void Disconnected(SessionWriter writer, Exception reason);
}
