using System.Runtime.CompilerServices;
using LmGateway.Configuration;
using LmGateway.Observability;
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

    /// <summary>Hears where the request is accounted for, for callers that tell where the time went.</summary>
    public Action<RequestTrace>? Began { get; init; }
}

/// <summary>
/// The life of a generation: find the model, wait for an instance, run, account. It runs as its events are read; leaving the enumeration
/// ends it in the backend.
/// </summary>
internal sealed class GenerationPipeline(
    ModelFinder finder, Scheduler scheduler, ImageFitting images, RequestWatch watch, Admission admission, KeyQuotas quotas, LiveSettings settings)
{
    public async IAsyncEnumerable<ChatEvent> RunAsync(GenerationCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var limits = Limits(call, settings.Current);
        var trace = watch.Begin(call.Context, call.Model, streamed: !call.Whole);
        call.Began?.Invoke(trace);
        var pieces = 0;
        try
        {
            Admit(call, trace);
            for (var attempt = 0; ; attempt++)
            {
                var (model, request, lease) = await AdmitAsync(call, trace, cancellationToken);
                using var held = lease;
                await using var running = new Running(lease, trace, model.Backend.Backend.GenerateAsync(lease.Identifier, request, limits, cancellationToken));
                if (!await running.IsDeniedAsync(retries: attempt == 0))
                {
                    while (running.Current is { } happened)
                    {
                        if (happened is ChatEvent.Text or ChatEvent.Reasoning) pieces++;
                        yield return happened;
                        await running.NextAsync();
                    }

                    yield break;
                }

                await finder.LookAgainAsync(model, cancellationToken);
            }
        }
        finally
        {
            trace.Leave();
            quotas.Note(call.Context, trace.Usage, () => pieces == 0 ? default : new Usage(TokenEstimate.Of(call.Request), pieces));
        }
    }

    private void Admit(GenerationCall call, RequestTrace trace)
    {
        try
        {
            trace.Place = admission.Enter(call.Context, streamed: !call.Whole);
            quotas.Admit(call.Context);
        }
        catch (GatewayException refused)
        {
            trace.Fail(refused.Error);
            throw;
        }
    }

    private async Task<(ResolvedModel Model, ChatRequest Request, Lease Lease)> AdmitAsync(GenerationCall call, RequestTrace trace, CancellationToken cancellationToken)
    {
        try
        {
            var model = await finder.FindAsync(call.Model, ModelType.Llm, call.Context.Grant, cancellationToken);
            trace.Found(model.Backend.Name, model.Key);
            var request = await images.FitAsync(call.Request, model.Backend.Traits.Defects, cancellationToken);
            var lease = await scheduler.AcquireAsync(model.Target, cancellationToken);
            trace.Admitted(lease.Identifier, lease.QueueTime, lease.LoadTime);
            return (model, request, lease);
        }
        catch (GatewayException failure)
        {
            trace.Fail(failure.Error);
            throw;
        }
    }

    private static GenerationLimits Limits(GenerationCall call, GatewayOptions options) => call.Whole
        ? new(call.Patience ?? options.RequestTimeout, null)
        : new(options.Timeouts.StreamTimeout, call.Patience ?? options.Timeouts.StreamIdleTimeout);

    /// <summary>One attempt, from its first event to its last.</summary>
    private sealed class Running(Lease lease, RequestTrace trace, IAsyncEnumerable<ChatEvent> events) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<ChatEvent> source = events.GetAsyncEnumerator();

        /// <summary>The event that was reached; null at the end.</summary>
        public ChatEvent? Current { get; private set; }

        /// <summary>Goes to the first event. True where the backend denied the instance, so that the request may be tried once more.</summary>
        public async ValueTask<bool> IsDeniedAsync(bool retries)
        {
            try
            {
                await StepAsync();
                return false;
            }
            catch (GatewayException gone) when (retries && gone.Error is { Code: ErrorCode.ModelNotFound, Backend: not null })
            {
                lease.Missing();
                return true;
            }
            catch (GatewayException failure)
            {
                trace.Fail(failure.Error);
                throw;
            }
        }

        public async ValueTask NextAsync()
        {
            try
            {
                await StepAsync();
            }
            catch (GatewayException failure)
            {
                trace.Fail(failure.Error);
                throw;
            }
        }

        private async ValueTask StepAsync()
        {
            Current = await source.MoveNextAsync() ? source.Current : null;
            if (Current is null) return;
            trace.NotePiece();
            lease.Answered();
            if (Current is ChatEvent.Finished finished) Current = End(finished);
        }

        private ChatEvent End(ChatEvent.Finished finished)
        {
            var reason = FinishReasons.Map(finished.Reason)
                ?? throw new GatewayException(new GatewayError(ErrorCode.BackendFault, $"The backend ended the generation: {finished.Reason}.") { Backend = lease.Instance.Backend });
            trace.Complete(finished.Usage, reason);
            return finished with { Reason = reason };
        }

        public ValueTask DisposeAsync() => source.DisposeAsync();
    }
}
