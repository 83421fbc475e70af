using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>What the scheduler hears: everything that happens to it, in one order.</summary>
internal abstract record SchedulerEvent;

/// <summary>A request, a load by hand or an unload arrives.</summary>
internal sealed record Asked(Caller Caller) : SchedulerEvent;

/// <summary>A caller no longer waits: its token was cancelled, or it is <paramref name="Overdue"/>.</summary>
internal sealed record Left(Caller Caller, bool Overdue = false) : SchedulerEvent;

/// <summary>A request left an instance whose gate bears a mark.</summary>
internal sealed record Released(TrackedInstance Instance) : SchedulerEvent;

/// <summary>The request that went ahead got an answer: the model is there now.</summary>
internal sealed record Answered(TrackedInstance Instance) : SchedulerEvent;

/// <summary>The backend said that the instance is not there.</summary>
internal sealed record Missed(TrackedInstance Instance) : SchedulerEvent;

/// <summary>An attempt at a load ended, with a result or an error.</summary>
internal sealed record LoadEnded(Load Load, LoadResult? Result, GatewayError? Error) : SchedulerEvent;

internal sealed record UnloadEnded(Unload Unload, GatewayError? Error) : SchedulerEvent;

/// <summary>The catalog has a new picture.</summary>
internal sealed record Looked(CatalogSnapshot Snapshot) : SchedulerEvent;

/// <summary>A look that began after the change has ended; it is part of the catalog from this version on.</summary>
internal sealed record Settled(Change Change, long Version) : SchedulerEvent;

/// <summary>The service stops.</summary>
internal sealed record Drained : SchedulerEvent;

/// <summary>Time has passed while somebody waits.</summary>
/// <param name="Patience">How long one may wait for a place, in units of the clock's timestamps.</param>
internal sealed record Ticked(long Patience) : SchedulerEvent;

/// <summary>What the scheduler causes.</summary>
internal abstract record Effect;

/// <summary>The waiter holds a slot of the instance now.</summary>
internal sealed record Grant(Waiter Waiter, TrackedInstance Instance) : Effect;

internal sealed record Refuse(Caller Caller, GatewayError Error) : Effect;

internal sealed record Dismiss(Caller Caller) : Effect;

internal sealed record StartLoad(Load Load) : Effect;

internal sealed record CancelLoad(Load Load) : Effect;

internal sealed record Loaded(LoadCaller Caller, LoadResult Result) : Effect;

internal sealed record StartUnload(Unload Unload) : Effect;

internal sealed record Unloaded(UnloadCaller Caller) : Effect;

/// <summary>A load begins, after whatever went before it.</summary>
internal sealed record LoadBegan(Load Load) : Effect;

/// <summary>A load succeeded. It is claimed where somebody ordered it by hand and is still there.</summary>
internal sealed record LoadSucceeded(Load Load, LoadResult Result, bool Claimed) : Effect;

/// <summary>A load failed for good.</summary>
internal sealed record LoadFailed(Load Load, GatewayError Error) : Effect;

/// <summary>A look shows an instance that the gateway did not load.</summary>
internal sealed record Appeared(TrackedInstance Instance) : Effect;

/// <summary>An instance is gone that the gateway did not unload.</summary>
internal sealed record Vanished(TrackedInstance Instance) : Effect;

/// <summary>The backend must be looked at, because of the change.</summary>
internal sealed record Look(IBackend Backend, Change Change) : Effect;
