using LmGateway.Configuration;

namespace LmGateway.Backends;

/// <summary>A backend as the settings describe it. Two plans with equal facts describe the same backend.</summary>
internal sealed record BackendPlan(object Facts, Func<IBackend> Make);

/// <summary>
/// The backends that there are, owned here. When the settings change, those that they describe as before stay, with their connections; the
/// others are made anew, and those that fell out are disposed of when nothing that began before the change is under way any more.
/// </summary>
internal sealed class BackendSet : IAsyncDisposable
{
    private readonly Func<GatewayOptions, IReadOnlyList<BackendPlan>> planOf;
    private readonly Lock changing = new();
    private readonly List<Task> leaving = [];
    private readonly TaskCompletionSource ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IReadOnlyList<Member> members;

    public BackendSet(LiveSettings settings, Func<GatewayOptions, IReadOnlyList<BackendPlan>> planOf)
    {
        this.planOf = planOf;
        members = [.. planOf(settings.Current).Select(plan => new Member(plan.Facts, plan.Make()))];
    }

    public IReadOnlyList<IBackend> Current => Of(members);

    /// <summary>What there would be with other settings; <see cref="Adopt"/> makes it so, <see cref="AbandonAsync"/> forgets it. Backends that are new are made here.</summary>
    public BackendChange Prepare(GatewayOptions options)
    {
        var before = members;
        return new BackendChange([.. planOf(options).Select(plan => before.FirstOrDefault(member => member.Facts.Equals(plan.Facts)) ?? new Member(plan.Facts, plan.Make()))]);
    }

    /// <summary>Makes it so. What falls out is disposed of when <paramref name="drained"/> has ended.</summary>
    public void Adopt(BackendChange change, Task drained)
    {
        lock (changing)
        {
            var fallen = members.Except(change.Members).ToList();
            members = change.Members;
            leaving.RemoveAll(task => task.IsCompleted);
            leaving.AddRange(fallen.Select(member => LeaveAsync(member.Backend, drained)));
        }
    }

    /// <summary>For a change that is not adopted after all: disposes of the backends that were made for it.</summary>
    public async Task AbandonAsync(BackendChange change)
    {
        foreach (var member in change.Members.Except(members)) await member.Backend.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Task[] last;
        lock (changing) last = [.. leaving];
        ending.TrySetResult();
        await Task.WhenAll(last);
        foreach (var member in members) await member.Backend.DisposeAsync();
    }

    private async Task LeaveAsync(IBackend backend, Task drained)
    {
        await Task.WhenAny(drained, ending.Task);
        await backend.DisposeAsync();
    }

    private static IReadOnlyList<IBackend> Of(IReadOnlyList<Member> members) => [.. members.Select(member => member.Backend)];

    internal sealed record Member(object Facts, IBackend Backend);

    /// <summary>The backends of other settings, some of them those that there are now.</summary>
    internal sealed record BackendChange(IReadOnlyList<Member> Members)
    {
        public IReadOnlyList<IBackend> Backends => Of(Members);
    }
}
