using LmGateway.Configuration;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace LmGateway.Api.Http;

/// <summary>
/// Counts the requests that are inside, turns away those with too large a head, and when the service stops, those that come then; it holds the
/// listener open until the others have ended, or their time is over.
/// </summary>
internal sealed class HttpDoor(LiveSettings settings, ShutdownLimit shutdown) : IHostedLifecycleService
{
    /// <summary>For writing the last words of requests whose time was over.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int inside;

    /// <summary>Requests that are inside now.</summary>
    public int Inside => Volatile.Read(ref inside);

    /// <summary>A request comes in; it leaves when what is returned is disposed of.</summary>
    public Visit Enter(HttpContext context)
    {
        Interlocked.Increment(ref inside);
        if (shutdown.Begun.IsCancellationRequested) context.Response.Headers.Connection = "close";
        return new Visit(this, settings.Enter());
    }

    /// <summary>Throws <see cref="ErrorCode.HeadersTooLarge"/>. The server itself takes a little more, so that the answer can be the route's own.</summary>
    public Task CheckHeadAsync(HttpContext context, RequestDelegate next)
    {
        var most = settings.Current.Limits.HeaderBytes;
        var size = 0;
        foreach (var (name, value) in context.Request.Headers) size += name.Length + value.ToString().Length + 4;
        return size <= most ? next(context) : throw new GatewayException(new GatewayError(ErrorCode.HeadersTooLarge, $"The headers of the request are larger than {most} bytes. The limit is the setting limits.header_bytes.") { Limit = "limits.header_bytes" });
    }

    /// <summary>Throws <see cref="ErrorCode.Draining"/> once the service stops. Who watches over it may still look.</summary>
    public Task CheckOpenAsync(HttpContext context, RequestDelegate next) =>
        shutdown.Begun.IsCancellationRequested && !context.Request.Path.StartsWithSegments("/health", StringComparison.OrdinalIgnoreCase)
            ? throw new GatewayException(ShutdownLimit.Stopping)
            : next(context);

    /// <summary>Runs before the listener is closed.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        shutdown.Begin();
        if (Inside == 0) return;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(shutdown.Token, cancellationToken);
        await empty.Task.WaitAsync(late.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!empty.Task.IsCompleted) await empty.Task.WaitAsync(LastWords, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Leave()
    {
        if (Interlocked.Decrement(ref inside) == 0 && shutdown.Begun.IsCancellationRequested) empty.TrySetResult();
    }

    /// <summary>A request that is inside.</summary>
    internal readonly struct Visit(HttpDoor door, SettingsUse use) : IDisposable
    {
        public void Dispose()
        {
            door.Leave();
            use.Dispose();
        }
    }
}
