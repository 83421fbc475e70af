using System.Text.Json.Nodes;

namespace LeanNats.Services;

/// <summary>One endpoint at work: its subscription, the loop that hands out requests, and what it counts.</summary>
internal sealed class Endpoint(EndpointInfo info, Func<NatsSvcMsg, CancellationToken, ValueTask> handler, TimeProvider time)
{
    private const int FailureCode = 500;
    private const int StoppingCode = 503;

    private long requests;
    private long errors;
    private long ticks;
    private string lastError = "";

    public EndpointInfo Info => info;

    /// <summary>Handles requests until the subscription has ended and each one has its answer. Never throws.</summary>
    public async Task RunAsync(NatsSubscription subscription, int maxConcurrency, CancellationToken cancellationToken)
    {
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = maxConcurrency, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(subscription.ReadAllAsync(CancellationToken.None), options, HandleAsync).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NatsException or OperationCanceledException)
        {
            // The connection has ended or refused the subject, which it tells by its own events; or the service is disposed.
        }
    }

    public void OnError(int code, string words)
    {
        Interlocked.Increment(ref errors);
        Volatile.Write(ref lastError, $"{code}:{words}");
    }

    public EndpointStats Stats(Func<EndpointInfo, JsonNode?>? addData)
    {
        var (count, spent) = (Volatile.Read(ref requests), Volatile.Read(ref ticks) * TimeSpan.NanosecondsPerTick);
        return new EndpointStats
        {
            Name = info.Name,
            Subject = info.Subject,
            QueueGroup = info.QueueGroup,
            NumRequests = count,
            NumErrors = Volatile.Read(ref errors),
            LastError = Volatile.Read(ref lastError),
            ProcessingTime = spent,
            AverageProcessingTime = count == 0 ? 0 : spent / count,
            Data = Ask(addData),
        };
    }

    private JsonNode? Ask(Func<EndpointInfo, JsonNode?>? addData)
    {
        try
        {
            return addData?.Invoke(info);
        }
        catch (Exception e)
        {
            return new JsonObject { ["error"] = e.Message }; // the rest of the statistics is still true
        }
    }

    private async ValueTask HandleAsync(NatsMsg message, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var request = new NatsSvcMsg(message, this);
        try
        {
            await handler(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await FailAsync(request, e, cancellationToken.IsCancellationRequested).ConfigureAwait(false);
        }

        Interlocked.Add(ref ticks, time.GetElapsedTime(start).Ticks);
        Interlocked.Increment(ref requests);
    }

    private async ValueTask FailAsync(NatsSvcMsg request, Exception failure, bool isStopping)
    {
        var error = failure switch
        {
            NatsSvcException known => known,
            OperationCanceledException when isStopping => new NatsSvcException(StoppingCode, "The service is stopping."),
            _ => new NatsSvcException(FailureCode, failure.Message),
        };
        if (string.IsNullOrEmpty(request.ReplyTo))
        {
            OnError(error.Code, NatsSvcException.OneLine(error.Message));
            return;
        }

        try
        {
            await request.ReplyErrorAsync(error.Code, error.Message, error.ErrorData, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NatsException or ObjectDisposedException)
        {
            // The one who asked cannot be reached any more; the error is counted.
        }
    }
}
