using System.Text.Json;

namespace LmStudio.Client.Sockets;

/// <summary>
/// One namespace of LM Studio. Its connection opens on first use and again on the first use after it was lost; users who come
/// while it opens share the one attempt, and one of them leaving does not end it for the others.
/// </summary>
internal sealed class NamespaceSocket(string name, LmStudioClientOptions options, SocketConnector connector) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource lifetime = new();
    private SocketConnection? connection;
    private Task<SocketConnection>? opening;
    private bool disposed;

    /// <summary>Calls an endpoint and reads its result. Without a limit of its own it has <see cref="LmStudioClientOptions.RequestTimeout"/>.</summary>
    public async Task<T> CallAsync<T>(SocketRequest request, Func<JsonElement?, T> read, CancellationToken cancellationToken, TimeSpan? limit = null)
    {
        var current = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        return read(await current.CallAsync(request, limit ?? options.RequestTimeout, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Calls an endpoint that has no result.</summary>
    public async Task CallAsync(SocketRequest request, CancellationToken cancellationToken, TimeSpan? limit = null)
    {
        var current = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        await current.CallAsync(request, limit ?? options.RequestTimeout, cancellationToken).ConfigureAwait(false);
    }

    public async Task<SocketChannel> OpenChannelAsync(SocketRequest request, CancellationToken cancellationToken)
    {
        var current = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        return await current.OpenChannelAsync(request, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        Task<SocketConnection>? unfinished;
        lock (gate)
        {
            if (disposed) return;
            disposed = true;
            unfinished = opening;
        }

        await lifetime.CancelAsync().ConfigureAwait(false);
        if (unfinished is not null) await ((Task)unfinished).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (connection is { } open) await open.DisposeAsync().ConfigureAwait(false);
        lifetime.Dispose();
    }

    private async ValueTask<SocketConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        Task<SocketConnection> attempt;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, typeof(LmStudioClient));
            if (connection is { IsOpen: true } open) return open;
            attempt = opening ??= Task.Run(OpenAsync, CancellationToken.None);
        }

        return await attempt.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<SocketConnection> OpenAsync()
    {
        SocketConnection? opened = null;
        try
        {
            return opened = await connector.ConnectAsync(name, lifetime.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (lifetime.IsCancellationRequested)
        {
            throw new ObjectDisposedException($"{nameof(LmStudioClient)} was disposed while it connected.", e);
        }
        finally
        {
            lock (gate) (connection, opening) = (opened, null);
        }
    }
}
