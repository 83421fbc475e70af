using LmGateway.Catalog;
using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>Every refusal of the scheduler, with words that say what to do.</summary>
internal static class SchedulingErrors
{
    private static readonly TimeSpan SoonEnough = TimeSpan.FromSeconds(5);

    public static GatewayError Draining() => new(ErrorCode.Draining, "The service is stopping. Try again in a moment.") { RetryAfter = SoonEnough };

    public static GatewayError QueueFull(ModelTarget target, int limit) =>
        new(ErrorCode.QueueFull, $"{limit} requests wait for '{target.ModelKey}' already. Try again later, or raise scheduling.queue_limit.") { Limit = "scheduling.queue_limit", RetryAfter = SoonEnough };

    public static GatewayError QueueOverdue(ModelTarget target, int seconds) =>
        new(ErrorCode.QueueFull, $"No place for a request to '{target.ModelKey}' became free within {seconds} s. Try again later, or raise scheduling.queue_wait_seconds.") { Limit = "scheduling.queue_wait_seconds", RetryAfter = SoonEnough };

    public static GatewayError NoBackend(string backend) => new(ErrorCode.ModelNotFound, $"There is no backend '{backend}'.") { Backend = backend };

    public static GatewayError Unreachable(BackendView view) =>
        new(ErrorCode.BackendUnreachable, $"'{view.Name}' cannot be reached. {view.Problem}".TrimEnd()) { Backend = view.Name, Reason = view.Reason };

    public static GatewayError OnDemandOff(ModelTarget target) =>
        new(ErrorCode.ModelNotFound, $"'{target.ModelKey}' is not loaded, and loading on demand is off (scheduling.on_demand.enabled). Load it first.");

    public static GatewayError NoControl(ModelTarget target, BackendView view) =>
        new(ErrorCode.ControlUnavailable, $"'{target.ModelKey}' is not loaded, and no connection that could load it answers on '{view.Name}'. {view.Problem}".TrimEnd()) { Backend = view.Name };

    public static GatewayError CannotLoad(ModelTarget target) =>
        new(ErrorCode.ModelNotFound, $"'{target.ModelKey}' is not loaded on '{target.Backend}', which does not load models on request. Load it there.");

    public static GatewayError NotSupported(string backend) =>
        new(ErrorCode.NotSupported, $"Models cannot be loaded through '{backend}'.") { Backend = backend };

    public static GatewayError InstanceNotLoaded(string identifier, string backend) =>
        new(ErrorCode.ModelNotFound, $"No instance '{identifier}' is loaded on '{backend}'.");

    public static GatewayError InUse(InstanceId instance, int running) =>
        new(ErrorCode.InstanceInUse, $"'{instance.Identifier}' is answering {running} request(s) and was not unloaded. Try again later, or unload it by force.") { RetryAfter = SoonEnough };

    public static GatewayError LoadOverdue(string modelKey, string backend, int seconds) =>
        new(ErrorCode.BackendTimeout, $"Loading '{modelKey}' did not end within {seconds} s and was given up. Raise scheduling.load_timeout_seconds if it needs longer.") { Backend = backend };

    public static GatewayError UnloadOverdue(string identifier, string backend, TimeSpan limit) =>
        new(ErrorCode.BackendTimeout, $"Unloading '{identifier}' did not end within {limit.TotalSeconds:0} s.") { Backend = backend };

    public static GatewayError Abandoned(string modelKey, string backend) =>
        new(ErrorCode.Cancelled, $"Nobody waited for '{modelKey}' any more; the load was cancelled.") { Backend = backend };
}
