using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Observability;
using LmGateway.Scheduling;
using LmGateway.Serving.Dialects;
using LmGateway.Serving.Images;
using LmGateway.Serving.Translation;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>A request that has been read: what it asks for and of whom, before anything is done about it.</summary>
internal sealed record PreparedInference(InferenceCall Call, RequestPeek Peek, string Model)
{
    /// <summary>The settings that hold for it to its end, whatever is reloaded meanwhile.</summary>
    public required GatewayOptions Settings { get; init; }

    /// <summary>Put into the request where it has none.</summary>
    public InferenceDefaults Defaults { get; init; } = InferenceDefaults.None;

    /// <summary>It asks for tools that LM Studio runs itself.</summary>
    public bool UsesIntegrations => Peek.Has(RequestField.Integrations);

    /// <summary>The caller gets a stream of events.</summary>
    public bool Streamed => Peek.Streamed || (Defaults.Stream == true && !Peek.Has(RequestField.Stream));
}

/// <summary>
/// The life of an inference request: read (<see cref="Prepare"/>), find the model, wait for an instance, send, and hand the reply on
/// mended (<see cref="StartAsync"/>). The instance is held until the answer is disposed of.
/// </summary>
internal sealed class InferencePipeline(
    ModelFinder finder, Scheduler scheduler, ActiveModelState active, ImageFitting images, Translator translator, AnswerFactory answers, RequestWatch watch, Admission admission, KeyQuotas quotas, LiveSettings settings, TimeProvider time)
{
    /// <summary>Reads the request and decides who names its model. Bad input ends here.</summary>
    public PreparedInference Prepare(InferenceCall call)
    {
        try
        {
            return Read(call);
        }
        catch (GatewayException refused)
        {
            watch.Begin(call.Context, "", streamed: false).Fail(refused.Error);
            throw;
        }
    }

    private PreparedInference Read(InferenceCall call)
    {
        var peek = RequestPeek.Read(call.Body, call.Dialect, call.IsUnderContract);
        if (peek.Model is { } named) return Prepare(call, peek, named, DefaultsFor(call, named));
        if (call.FillsInModel && call.Wanted != ModelType.Embedding)
        {
            if (active.Current is { } chosen) return Prepare(call, peek, chosen.Name, chosen.Defaults);
            if (settings.Current.Inference.DefaultModel is { } configured) return Prepare(call, peek, configured, InferenceDefaults.None);
        }

        throw new GatewayException(new GatewayError(ErrorCode.ModelRequired, "The request names no model, and none is active. Name one in 'model', or activate one with POST /admin/models/activate.") { Parameter = "model" });
    }

    /// <summary>
    /// Returns when the backend's reply has begun. Where the backend says that the instance is gone, its models are looked at anew and the
    /// request is sent once more: nothing has reached the caller yet.
    /// </summary>
    public async Task<InferenceAnswer> StartAsync(PreparedInference prepared, CancellationToken cancellationToken)
    {
        var trace = watch.Begin(prepared.Call.Context, prepared.Model, prepared.Streamed);
        trace.Bodies?.TakeRequest(prepared.Call.Body);
        try
        {
            trace.Place = admission.Enter(prepared.Call.Context, prepared.Streamed);
            quotas.Admit(prepared.Call.Context);
            for (var isSecond = false; ; isSecond = true)
            {
                var model = await finder.FindAsync(prepared.Model, prepared.Call.Wanted, prepared.Call.Context.Grant, cancellationToken);
                trace.Found(model.Backend.Name, model.Key);
                var fitting = await images.FitAsync(prepared.Peek, model.Backend.Traits.Defects, cancellationToken);
                if (!ReferenceEquals(fitting, prepared.Peek)) prepared = prepared with { Peek = fitting };
                Delivery? delivery = null;
                try
                {
                    delivery = await AdmitAsync(prepared, model, trace, cancellationToken);
                    delivery.Begin(await translator.ExchangeAsync(model.Backend, delivery.Exchange, delivery.Frame, cancellationToken));
                    return await answers.MakeAsync(delivery, cancellationToken);
                }
                catch (Exception fault)
                {
                    var isGone = fault is GatewayException { Error: { Code: ErrorCode.ModelNotFound, Backend: not null } };
                    if (delivery is not null) await delivery.GiveUpAsync(isGone);
                    if (!isGone || isSecond) throw;
                }

                await finder.LookAgainAsync(model, cancellationToken);
            }
        }
        catch (Exception fault)
        {
            trace.End(fault);
            throw;
        }
    }

    private PreparedInference Prepare(InferenceCall call, RequestPeek peek, string model, InferenceDefaults defaults)
    {
        var options = settings.Current;
        return new PreparedInference(call, peek, model)
        {
            Settings = options,
            Defaults = call.IsUnderContract ? defaults.Over(options.Inference.ContractDefaults) : defaults,
        };
    }

    /// <summary>Waits for a place on an instance of the model, which is loaded if need be.</summary>
    private async ValueTask<Delivery> AdmitAsync(PreparedInference prepared, ResolvedModel model, RequestTrace trace, CancellationToken cancellationToken)
    {
        var fitted = Fit(prepared, model.Backend.Traits);
        var lease = await scheduler.AcquireAsync(model.Target, cancellationToken);
        trace.Admitted(lease.Identifier, lease.QueueTime, lease.LoadTime);
        try
        {
            return new Delivery(prepared, fitted.For(lease.Identifier), lease, trace, quotas)
            {
                Tally = new ReplyTally(time),
                Expected = prepared.Call.IsUnderContract && model.Backend.Traits.NamesTheInstance ? new AnsweringModel(prepared.Model, model.Key, lease.Identifier) : null,
            };
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>What is wrong with a request for this backend ends it here, before a model is loaded for it.</summary>
    private static FittedRequest Fit(PreparedInference prepared, BackendTraits traits) => RequestMends.Fit(prepared.Peek, new RequestMendOptions
    {
        Defects = traits.Defects,
        Defaults = DefaultParameters.Of(prepared.Defaults),
        Extensions = prepared.Call.IsUnderContract ? new ExtensionUse(traits.Extensions, traits.Defects.HasFlag(DialectDefects.RefusesUnknownParameters)) : default,
    });

    /// <summary>The active model's parameters go with it also where a request names it itself.</summary>
    private InferenceDefaults DefaultsFor(InferenceCall call, string named) =>
        call.FillsInModel && call.Wanted != ModelType.Embedding && active.Current is { } chosen && (named == chosen.ModelKey || named == chosen.InstanceId)
            ? chosen.Defaults
            : InferenceDefaults.None;
}
