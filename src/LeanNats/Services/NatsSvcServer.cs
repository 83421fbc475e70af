using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LeanNats.Services;

/// <summary>
/// A running instance of a service. It answers <c>$SRV.PING</c>, <c>$SRV.INFO</c> and <c>$SRV.STATS</c>, asked for all services, for those
/// of its name, or for itself alone.
/// </summary>
public sealed class NatsSvcServer : IAsyncDisposable
{
    private readonly NatsConnection connection;
    private readonly NatsSvcConfig config;
    private readonly NatsSvcGroup root;
    private readonly DateTime started;
    private readonly CancellationTokenSource lifetime = new();
    private readonly Lock gate = new();
    private ImmutableArray<Endpoint> endpoints = [];
    private ImmutableArray<Running> serving = [];
    private ImmutableArray<Running> answering = [];
    private bool isStopped;

    internal NatsSvcServer(NatsConnection connection, NatsSvcConfig config)
    {
        (this.connection, this.config) = (connection, config);
        root = new NatsSvcGroup(this, "", config.QueueGroup);
        started = connection.Opts.TimeProvider.GetUtcNow().UtcDateTime;
    }

    /// <summary>The id of this instance.</summary>
    public string Id { get; } = Nuid.Next();

    /// <summary>What <c>$SRV.INFO</c> answers.</summary>
    public InfoResponse GetInfo() => new()
    {
        Name = config.Name,
        Id = Id,
        Version = config.Version,
        Metadata = config.Metadata,
        Description = config.Description,
        Endpoints = [.. endpoints.Select(endpoint => endpoint.Info)],
    };

    /// <summary>What <c>$SRV.STATS</c> answers.</summary>
    public StatsResponse GetStats() => new()
    {
        Name = config.Name,
        Id = Id,
        Version = config.Version,
        Metadata = config.Metadata,
        Started = started,
        Endpoints = [.. endpoints.Select(endpoint => endpoint.Stats(config.StatsHandler))],
    };

    /// <summary>
    /// Adds an endpoint on <paramref name="subject"/>, its name if null. An exception of the handler becomes an error answer: a
    /// <see cref="NatsSvcException"/> its own, any other one with code 500. The handler's token is cancelled when the service is disposed.
    /// Throws <see cref="ArgumentException"/> for names that the protocol does not allow.
    /// </summary>
    public ValueTask AddEndpointAsync(
        Func<NatsSvcMsg, CancellationToken, ValueTask> handler, string name, string? subject = null, NatsSvcEndpointOpts? opts = null,
        CancellationToken cancellationToken = default) => root.AddEndpointAsync(handler, name, subject, opts, cancellationToken);

    /// <summary>Endpoints whose subjects begin with <paramref name="name"/> and a dot.</summary>
    public NatsSvcGroup AddGroup(string name, string? queueGroup = null) => root.AddGroup(name, queueGroup);

    /// <summary>
    /// Ends gracefully: no new requests, those that have come get their answers, and only then the service is no longer found.
    /// Throws <see cref="NatsTimeoutException"/> when handlers still run after <see cref="NatsOpts.DrainTimeout"/>; they are cancelled.
    /// </summary>
    public async ValueTask StopAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await DrainAsync(serving, cancellationToken).ConfigureAwait(false);
            await DrainAsync(answering, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new NatsTimeoutException($"Requests were still being handled after {connection.Opts.DrainTimeout.TotalSeconds} s.");
        }
        finally
        {
            await DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends at once: handlers are cancelled, and awaited for <see cref="NatsOpts.DrainTimeout"/> at most.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (isStopped) return;
            isStopped = true;
        }

        foreach (var running in serving.Concat(answering)) await running.Subscription.DisposeAsync().ConfigureAwait(false);
        await lifetime.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(serving.Concat(answering).Select(running => running.Loop))
            .WaitAsync(connection.Opts.DrainTimeout, connection.Opts.TimeProvider)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lifetime.Dispose();
    }

    internal async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        var ping = new PingResponse { Name = config.Name, Id = Id, Version = config.Version, Metadata = config.Metadata };
        foreach (var target in (string[])["", $".{config.Name}", $".{config.Name}.{Id}"])
        {
            await AnswerAsync($"$SRV.PING{target}", () => ping, ServiceJson.Wire.PingResponse, cancellationToken).ConfigureAwait(false);
            await AnswerAsync($"$SRV.INFO{target}", GetInfo, ServiceJson.Wire.InfoResponse, cancellationToken).ConfigureAwait(false);
            await AnswerAsync($"$SRV.STATS{target}", GetStats, ServiceJson.Wire.StatsResponse, cancellationToken).ConfigureAwait(false);
        }
    }

    internal async ValueTask ServeAsync(
        EndpointInfo info, Func<NatsSvcMsg, CancellationToken, ValueTask> handler, NatsSvcEndpointOpts opts, CancellationToken cancellationToken)
    {
        var queueGroup = info.QueueGroup.Length == 0 ? null : info.QueueGroup;
        var subscription = await connection.SubscribeCoreAsync(info.Subject, queueGroup, opts.SubOpts, cancellationToken).ConfigureAwait(false);
        var endpoint = new Endpoint(info, handler, connection.Opts.TimeProvider);
        lock (gate)
        {
            if (!isStopped)
            {
                endpoints = endpoints.Add(endpoint);
                serving = serving.Add(new Running(subscription, endpoint.RunAsync(subscription, opts.MaxConcurrency, lifetime.Token)));
                return;
            }
        }

        await subscription.DisposeAsync().ConfigureAwait(false);
        throw new ObjectDisposedException(nameof(NatsSvcServer));
    }

    private async ValueTask AnswerAsync<T>(string subject, Func<T> answer, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var subscription = await connection.SubscribeCoreAsync(subject, cancellationToken: cancellationToken).ConfigureAwait(false);
        answering = answering.Add(new Running(subscription, LoopAsync()));

        async Task LoopAsync()
        {
            try
            {
                await foreach (var question in subscription.ReadAllAsync(lifetime.Token).ConfigureAwait(false))
                    await ReplyAsync(question, answer, type).ConfigureAwait(false);
            }
            catch (Exception e) when (e is NatsException or OperationCanceledException)
            {
                // As in Endpoint.RunAsync.
            }
        }
    }

    private async ValueTask ReplyAsync<T>(NatsMsg question, Func<T> answer, JsonTypeInfo<T> type)
    {
        if (string.IsNullOrEmpty(question.ReplyTo)) return;
        try
        {
            await question.ReplyAsync(JsonSerializer.SerializeToUtf8Bytes(answer(), type), cancellationToken: lifetime.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NatsException or ObjectDisposedException)
        {
            // The one who asked cannot be reached any more.
        }
    }

    private async Task DrainAsync(ImmutableArray<Running> parts, CancellationToken cancellationToken)
    {
        await Task.WhenAll(parts.Select(part => part.Subscription.DrainAsync(cancellationToken).AsTask())).ConfigureAwait(false);
        await Task.WhenAll(parts.Select(part => part.Loop))
            .WaitAsync(connection.Opts.DrainTimeout, connection.Opts.TimeProvider, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A subscription and the loop that reads it.</summary>
    private sealed record Running(NatsSubscription Subscription, Task Loop);
}
