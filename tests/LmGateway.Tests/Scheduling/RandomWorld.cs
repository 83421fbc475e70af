using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;

namespace LmGateway.Tests.Scheduling;

/// <summary>
/// A ledger over a backend that has a life of its own: loads take time and memory, instances expire, others load and unload past the gateway, looks are
/// old when they arrive. Each number is one thing that happens. Every effect is judged as it is caused.
/// </summary>
internal sealed class RandomWorld
{
    private const int Memory = 3;
    private static readonly string[] Keys = ["a", "b", "c", "d", "e"];

    private readonly LedgerWorld world;
    private readonly Dictionary<string, ModelInstance> real = [];              // what the backend has loaded
    private readonly HashSet<string> ours = [];                                // identifiers that the gateway loaded and nobody else touched
    private readonly HashSet<string> onDemand = [];                            // identifiers that may be evicted
    private readonly HashSet<string> named = [];                               // identifiers that the gateway loaded and did not unload
    private readonly List<Caller> callers = [];
    private readonly HashSet<Waiter> answered = [];
    private readonly List<Change> lookedFor = [];
    private ModelInstance[]? look;
    private int copies;

    public RandomWorld(bool canLoad, bool canList)
    {
        var backend = new FakeBackend { Parallel = 2, LoadsOnRequest = !canLoad, Control = new ControlChannels(canLoad, canList, false) };
        world = new LedgerWorld(new SchedulingOptions { QueueLimit = 4, Parallel = 2 }, backend) { Judge = Judge };
    }

    public void Happen(int what)
    {
        var (deed, choice) = (what & 31, what >> 5);
        switch (deed)
        {
            case < 8: Ask(Keys[choice % Keys.Length], choice % 11 == 0 ? Pick(real.Keys, choice) : null); break;
            case < 11 when Pick(callers.Where(world.Waits), choice) is { } caller: world.Leave(caller, overdue: caller is UnloadCaller && choice % 2 == 0); break;
            case < 17 when Pick(world.Held.Keys, choice) is { } holder: world.Release(holder); break;
            case < 19 when Pick(world.Held.Keys.Where(IsLead), choice) is { } lead: Answer(lead); break;
            case < 22 when Pick(world.Loading, choice) is { } load: EndLoad(load, choice); break;
            case 22 when world.Backend.Control.WebSocket: Order(choice); break;
            case 23 when Pick(real.Keys, choice) is { } identifier: callers.Add(world.Unload(identifier, force: choice % 5 == 0)); break;
            case < 26 when Pick(world.Unloading, choice) is { } unload: EndUnload(unload, choice); break;
            case 26 when Pick(real.Keys, choice) is { } identifier: Lose(identifier); break;
            case 27: Add(Keys[choice % Keys.Length]); break;
            case 28: BeginLook(); break;
            case 29: EndLook(failed: choice % 7 == 0); break;
            case 30 when Pick(lookedFor, choice) is { } change: Settle(change); break;
            case 31: Enter(Keys[choice % Keys.Length]); break;
        }

        Check();
    }

    /// <summary>Lets everything come to its end, and then nobody may be without an answer.</summary>
    public void End()
    {
        for (var turn = 0; callers.Exists(world.Waits) || world.Held.Count > 0 || world.Loading.Count > 0 || world.Unloading.Count > 0 || world.Looks.Count > 0; turn++)
        {
            Require(turn < 500, "the world does not come to rest");
            foreach (var load in world.Loading.ToArray()) EndLoad(load, turn * 3 + 1);
            foreach (var unload in world.Unloading.ToArray()) EndUnload(unload, 1);
            foreach (var lead in world.Held.Keys.Where(IsLead).ToArray()) Answer(lead);
            foreach (var holder in world.Held.Keys.ToArray()) world.Release(holder);
            EndLook(failed: false);
            BeginLook();
            EndLook(failed: false);
            foreach (var change in lookedFor.ToArray()) Settle(change);
            Check();
        }

        Require(callers.TrueForAll(world.Answers.ContainsKey), "a caller was lost");
        Require(world.View is { Waiting.Count: 0, Loads.Count: 0 }, "the ledger keeps what has ended");
        Require(world.Table.Instances.All(instance => instance.Gate.Running == 0), "a slot was lost");
    }

    private void Ask(string key, string? identifier) => callers.Add(world.Ask(identifier is null ? key : real[identifier].ModelKey, identifier));

    /// <summary>The way past the loop: a slot through the gate, if there is one.</summary>
    private void Enter(string key)
    {
        var target = new ModelTarget("fake", key);
        if (world.Table.TryEnter(target) is not { } instance) return;
        Require(!callers.OfType<Waiter>().Any(waiter => world.Waits(waiter) && waiter.Pin is null && waiter.Target.ModelKey == key), "a request overtook one that waits");
        var holder = new Waiter(target, 0, CancellationToken.None);
        Enter(instance);
        world.Held.Add(holder, instance);
    }

    private static void Enter(TrackedInstance instance) => Require(instance.Gate.Running <= instance.Gate.Limit, "more requests run than may");

    private void Order(int choice)
    {
        var key = Keys[choice % Keys.Length];
        callers.Add(world.Order(new LoadOrder(key) { Identifier = choice % 3 == 0 ? null : $"hand{choice % 4}" }));
    }

    private void EndLoad(Load load, int choice)
    {
        if (world.Cancelling.Contains(load) && choice % 3 != 0) world.Fail(load, ErrorCode.Cancelled);
        else if (choice % 13 == 0) world.Fail(load);
        else if (real.Count >= Memory) world.Fail(load, ErrorCode.InsufficientMemory);
        else if (load.Order.Identifier is { } taken && real.ContainsKey(taken)) world.Fail(load, ErrorCode.IdentifierTaken);
        else
        {
            var identifier = load.Order.Identifier ?? (real.ContainsKey(load.Order.ModelKey) ? $"{load.Order.ModelKey}:{++copies}" : load.Order.ModelKey);
            real[identifier] = world.Instance(load.Order.ModelKey, identifier);
            ours.Add(identifier);
            named.Add(identifier);
            if (load.OnDemand && load.Callers.Count == 0) onDemand.Add(identifier);
            world.Succeed(load, identifier);
        }
    }

    private void EndUnload(Unload unload, int choice)
    {
        var identifier = unload.Instance.Id.Identifier;
        if (choice % 5 == 0) world.End(unload, ErrorCode.BackendFault);
        else if (!real.ContainsKey(identifier)) world.End(unload, ErrorCode.ModelNotFound);
        else
        {
            Lose(identifier);
            named.Remove(identifier);
            world.End(unload);
        }
    }

    private void Answer(Waiter lead)
    {
        answered.Add(lead);
        Add(lead.Target.ModelKey);
        world.Do(new Answered(world.Held[lead]));
    }

    /// <summary>
    /// Somebody else, or the backend itself, loads a model. Not under the name of an instance of the gateway's that went by itself: if no look fell between,
    /// nobody could tell the two apart.
    /// </summary>
    private void Add(string key)
    {
        var identifier = named.Contains(key) ? $"{key}:theirs" : key;
        real.TryAdd(identifier, world.Instance(key, identifier));
    }

    private void Lose(string identifier)
    {
        real.Remove(identifier);
        ours.Remove(identifier);
        onDemand.Remove(identifier);
    }

    private void BeginLook()
    {
        if (look is not null) return;
        look = world.Backend.Control == ControlChannels.None ? [] : [.. real.Values];
        lookedFor.AddRange(world.Looks.Except(lookedFor));
    }

    private void EndLook(bool failed)
    {
        if (look is null) return;
        world.Show(failed ? world.Seen(look) with { Reachable = false, Stale = true } : world.Seen(look));
        look = null;
    }

    /// <summary>The look that follows a change is told of some time after it has ended.</summary>
    private void Settle(Change change)
    {
        if (look is not null) EndLook(failed: false);
        lookedFor.Remove(change);
        world.Settle(change);
    }

    private void Judge(Effect effect)
    {
        switch (effect)
        {
            case Grant grant:
                Enter(grant.Instance);
                Require(!callers.OfType<Waiter>().Any(earlier => IsBefore(earlier, grant.Waiter)), "a request was let in before one that came earlier");
                var standing = grant.Instance.Standing;
                Require(standing is InstanceStanding.Open or InstanceStanding.Leading, $"a request was let in although the instance is {standing}");
                if (standing == InstanceStanding.Leading)
                {
                    Require(!world.Held.Keys.Any(holder => IsLead(holder) && holder.Target == grant.Waiter.Target), "two requests went ahead for one model");
                    Require(!world.Loading.Exists(load => load.Order.ModelKey == grant.Waiter.Target.ModelKey), "a request went ahead beside a load");
                }

                break;
            case StartLoad { Load: var load }:
                Require(!world.Loading.Exists(other => other.Order.ModelKey == load.Order.ModelKey), "two loads of one model are under way");
                Require(!load.OnDemand || !real.Values.Any(instance => ours.Contains(instance.Identifier) && instance.ModelKey == load.Order.ModelKey && !IsClosing(instance.Identifier)),
                    "a model was loaded again although what the gateway loaded is there");
                break;
            case StartUnload { Unload: var unload }:
                Require(unload.Instance.Gate.Running == 0 || unload.Callers.Exists(caller => caller.Force), "an instance in use is unloaded");
                Require(unload.For is null || onDemand.Contains(unload.Instance.Id.Identifier) || !real.ContainsKey(unload.Instance.Id.Identifier), "an instance that was not loaded on demand is evicted");
                break;
            case Refuse or Dismiss or Loaded or Unloaded:
                break;
        }
    }

    private bool IsBefore(Waiter earlier, Waiter granted) =>
        earlier.AskedAt < granted.AskedAt && world.Waits(earlier) && earlier.Pin is null && earlier.Target.ModelKey == granted.Target.ModelKey && granted.Pin is null;

    private bool IsLead(Waiter holder) => world.Held.TryGetValue(holder, out var instance) && instance.Standing == InstanceStanding.Leading && !answered.Contains(holder);

    private bool IsClosing(string identifier) => world.Unloading.Exists(unload => unload.Instance.Id.Identifier == identifier);

    private void Check()
    {
        foreach (var held in world.Held.GroupBy(pair => pair.Value))
            Require(held.Count() == held.Key.Gate.Running, "slots and requests do not match");
        foreach (var waiting in world.View.Waiting)
            Require(waiting.Requests <= world.Options.QueueLimit, "the queue is longer than it may be");
    }

    private static T? Pick<T>(IEnumerable<T> from, int choice)
        where T : class
    {
        var list = from.ToArray();
        return list.Length == 0 ? null : list[choice % list.Length];
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException(otherwise);
    }
}
