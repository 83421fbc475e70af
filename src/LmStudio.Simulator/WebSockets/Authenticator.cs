using LmStudio.Simulator.Lms;

namespace LmStudio.Simulator.WebSockets;

/// <summary>
/// The first exchange of a connection. Nothing is said until the client has named itself; a malformed first frame is passed over;
/// without a good one the connection is closed after ten seconds.
/// </summary>
internal sealed class Authenticator(ClientRegistry clients, Func<string?> apiToken, TimeProvider timeProvider)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The client that may come in, or null after it was refused and told so. A client that came in must <see cref="Leave"/>.</summary>
    public async Task<Credentials?> AuthenticateAsync(FrameSocket socket, CancellationToken cancellationToken)
    {
        var reading = ReadCredentialsAsync(socket, cancellationToken);
        if (!await EndsInTimeAsync(reading, cancellationToken))
        {
            await RefuseAsync(socket, "Authentication timed out", cancellationToken);
            if (!await EndsInTimeAsync(reading, cancellationToken)) socket.Abort();
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return null;
        }

        var credentials = await reading;
        if (RefusalOf(credentials) is { } refusal)
        {
            await RefuseAsync(socket, refusal, cancellationToken);
            return null;
        }

        if (clients.TryEnter(credentials!.Identifier, credentials.Passkey)) return credentials;
        await RefuseAsync(socket, $"Failed to validate client: Invalid client passkey for client \"{credentials.Identifier}\"", cancellationToken);
        return null;
    }

    public void Leave(Credentials client) => clients.Leave(client.Identifier);

    private string? RefusalOf(Credentials? credentials) =>
        credentials is null ? "Connection closed before authentication completed"
        : apiToken() is { } token && !credentials.Fit(token) && credentials != LmsIdentity.Local ? "Invalid API token"
        : null;

    private async Task<bool> EndsInTimeAsync(Task work, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ended = await Task.WhenAny(work, Task.Delay(Patience, timeProvider, waiting.Token)) == work;
        await waiting.CancelAsync();
        return ended;
    }

    private static async Task<Credentials?> ReadCredentialsAsync(FrameSocket socket, CancellationToken cancellationToken)
    {
        while (await socket.ReceiveAsync(cancellationToken) is { } frame)
            if (Credentials.Read(frame) is { } credentials) return credentials;
        return null;
    }

    private static async Task RefuseAsync(FrameSocket socket, string error, CancellationToken cancellationToken)
    {
        await socket.SendAsync(Frames.Refused(error), cancellationToken);
        await socket.CloseAsync(cancellationToken);
    }
}
