using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Events;
using LmGateway.Serving;

namespace LmGateway.Api.Nats;

/// <summary>Models loaded, unloaded and activated on this node, with the payloads of the admin API in either spelling.</summary>
internal sealed class ModelControl(ModelOperations operations)
{
    public async Task<NatsAnswer> LoadAsync(NatsCall call, CancellationToken cancellationToken)
    {
        var request = ModelRequests.Load(call.Body);
        call.Subject.Target = request.Command.ModelKey;
        var outcome = await operations.LoadAsync(request.Command, call.Context, cancellationToken);
        return NatsAnswer.Ok(writer =>
        {
            writer.WriteString("model", outcome.Instance.ModelKey);
            writer.WriteString("identifier", outcome.Instance.Identifier);
            writer.WriteBoolean("activated", outcome.Activated);
            writer.WriteNumber("load_time_ms", (long)Math.Round(outcome.Took.TotalMilliseconds));
            writer.WriteTexts("unloaded", outcome.Unloaded);
            writer.WriteTexts("not_applied", [.. outcome.NotApplied.Concat(request.Unknown).Select(item => item.Parameter)]);
        });
    }

    public async Task<NatsAnswer> UnloadAsync(NatsCall call, CancellationToken cancellationToken)
    {
        var request = ModelRequests.Unload(call.Body);
        call.Subject.Target = request.InstanceId ?? request.ModelKey;
        var outcome = await operations.UnloadAsync(request.ModelKey, request.InstanceId, request.Force, call.Context, cancellationToken);
        return NatsAnswer.Ok(writer =>
        {
            writer.WriteString("model", outcome.Instance.ModelKey);
            writer.WriteString("identifier", outcome.Instance.Identifier);
        });
    }

    public async Task<NatsAnswer> ActivateAsync(NatsCall call, CancellationToken cancellationToken)
    {
        var request = ModelRequests.Activate(call.Body);
        call.Subject.Target = request.InstanceId ?? request.ModelKey;
        var active = await operations.ActivateAsync(request.ModelKey, request.InstanceId, request.Defaults, call.Context, cancellationToken);
        return NatsAnswer.Ok(writer =>
        {
            writer.WriteString("model", active.ModelKey);
            if (active.InstanceId is { } instance) writer.WriteString("identifier", instance);
        });
    }
}
