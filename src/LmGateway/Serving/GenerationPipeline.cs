using System.Runtime.CompilerServices;
using LmGateway.Configuration;
using LmGateway.Scheduling;
using LmGateway.Serving.Dialects;
using LmGateway.Serving.Images;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>A generation asked for in no dialect.</summary>
internal sealed record GenerationCall(CallContext Context, string Model, ChatRequest Request)
{
    /// <summary>The whole answer is wanted at once, so the time limit of requests that are not streamed holds.</summary>
    public bool Whole { get; init; }

    /// <summary>The API's own limit: of a whole answer in all, of a stream in silence. Null for the service's limits.</summary>
    public TimeSpan? Patience { get; init; }

    /// <summary>Filled in on the way, for callers that tell where the time went.</summary>
    public RequestTimes? Times { get; init; }
}

/// <summary>
/// The life of a generation: find the model, wait for an instance, run, account. It runs as its events are read; leaving the enumeration
/// ends it in the backend.
/// </summary>
internal sealed class GenerationPipeline(
    ModelFinder finder, Scheduler scheduler, ImageFitting images, RequestLog log, GatewayOptions options, TimeProvider time)
{
    public async IAsyncEnumerable<ChatEvent> RunAsync(GenerationCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var times = call.Times ?? new RequestTimes(time);
        var request = call.Request;
        for (var attempt = 0; ; attempt++)
        {
            var model = await finder.FindAsync(call.Model, ModelType.Llm, cancellationToken);
            request = await images.FitAsync(request, model.Backend.Traits.Defects, cancellationToken);
            using var lease = await scheduler.AcquireAsync(model.Target, cancellationToken);
            times.NoteAdmission(lease.QueueTime, lease.LoadTime);
            await using var running = new Running(call, lease, times, log, model.Backend.Backend.GenerateAsync(lease.Identifier, request, Limits(call), cancellationToken));
            if (!await running.IsDeniedAsync(retries: attempt == 0))
            {
                while (running.Current is { } happened)
                {
                    yield return happened;
                    await running.NextAsync();
                }

                yield break;
            }

            await finder.LookAgainAsync(model, cancellationToken);
        }
    }

    private GenerationLimits Limits(GenerationCall call) => call.Whole
        ? new(call.Patience ?? options.RequestTimeout, null)
        : new(options.Timeouts.StreamTimeout, call.Patience ?? options.Timeouts.StreamIdleTimeout);

    /// <summary>One attempt, from its first event to its line in the log.</summary>
    private sealed class Running(GenerationCall call, Lease lease, RequestTimes times, RequestLog log, IAsyncEnumerable<ChatEvent> events) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<ChatEvent> source = events.GetAsyncEnumerator();
        private RequestOutcome outcome = RequestOutcome.Cancelled;
        private Usage? usage;

        /// <summary>The event that was reached; null at the end.</summary>
        public ChatEvent? Current { get; private set; }

        /// <summary>Goes to the first event. True where the backend denied the instance, so that the request may be tried once more.</summary>
        public async ValueTask<bool> IsDeniedAsync(bool retries)
        {
            try
            {
                await NextAsync();
                return false;
            }
            catch (GatewayException gone) when (retries && gone.Error is { Code: ErrorCode.ModelNotFound, Backend: not null })
            {
                lease.Missing();
                return true;
            }
        }

        public async ValueTask NextAsync()
        {
            try
            {
                Current = await source.MoveNextAsync() ? source.Current : null;
                if (Current is null) return;
                times.NotePiece();
                lease.Answered();
                if (Current is ChatEvent.Finished finished) Current = End(finished);
            }
            catch (GatewayException)
            {
                outcome = RequestOutcome.Failed;
                throw;
            }
        }

        private ChatEvent End(ChatEvent.Finished finished)
        {
            usage = finished.Usage;
            var reason = FinishReasons.Map(finished.Reason)
                ?? throw new GatewayException(new GatewayError(ErrorCode.BackendFault, $"The backend ended the generation: {finished.Reason}.") { Backend = lease.Instance.Backend });
            outcome = RequestOutcome.Done;
            return finished with { Reason = reason };
        }

        public async ValueTask DisposeAsync()
        {
            await source.DisposeAsync();
            log.Ended(call.Context, lease.Instance, outcome, times, usage);
        }
    }
}
