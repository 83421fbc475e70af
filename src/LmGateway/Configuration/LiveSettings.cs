namespace LmGateway.Configuration;

/// <summary>
/// The settings in force: one immutable snapshot, replaced as a whole when the configuration is reloaded. Whoever needs a setting reads
/// <see cref="Current"/> when it begins to work, and keeps that snapshot to the end of the work.
/// </summary>
internal sealed class LiveSettings(GatewayOptions options)
{
    private readonly Lock replacing = new();
    private volatile Generation generation = new(options);
    private Task before = Task.CompletedTask;

    public GatewayOptions Current => generation.Options;

    /// <summary>Told after each replacement, one at a time.</summary>
    public event EventHandler? Replaced;

    /// <summary>Settings that stay as they are.</summary>
    public static implicit operator LiveSettings(GatewayOptions options) => new(options);

    /// <summary>A piece of work begins that may use what was made from the snapshot of this moment; it ends when what is returned is disposed of.</summary>
    public SettingsUse Enter()
    {
        while (true)
            if (generation is var now && now.TryEnter()) return new SettingsUse(now);
    }

    /// <summary>Puts new settings into force. The task ends when no work that began before is under way any more.</summary>
    public Task Replace(GatewayOptions options)
    {
        lock (replacing)
        {
            var old = generation;
            generation = new Generation(options);
            before = Task.WhenAll(before.IsCompleted ? Task.CompletedTask : before, old.Retire());
            Replaced?.Invoke(this, EventArgs.Empty);
            return before;
        }
    }

    /// <summary>One snapshot and the work that began with it.</summary>
    internal sealed class Generation(GatewayOptions options)
    {
        private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>One for being current, and one for each piece of work; once 0, it stays so.</summary>
        private int users = 1;

        public GatewayOptions Options => options;

        public bool TryEnter()
        {
            for (var seen = Volatile.Read(ref users); seen > 0;)
            {
                var found = Interlocked.CompareExchange(ref users, seen + 1, seen);
                if (found == seen) return true;
                seen = found;
            }

            return false;
        }

        public void Leave()
        {
            if (Interlocked.Decrement(ref users) == 0) drained.SetResult();
        }

        public Task Retire()
        {
            Leave();
            return drained.Task;
        }
    }
}

/// <summary>Marks a piece of work that is under way; to be disposed of once.</summary>
internal readonly struct SettingsUse : IDisposable
{
    private readonly LiveSettings.Generation generation;

    internal SettingsUse(LiveSettings.Generation generation) => this.generation = generation;

    public void Dispose() => generation.Leave();
}

/// <summary>What a room makes of the settings, made anew after they were replaced.</summary>
internal sealed class MadeFromSettings<T>(LiveSettings settings, Func<GatewayOptions, T> make)
    where T : class
{
    private volatile Made made = new(settings.Current, make(settings.Current));

    public T Current
    {
        get
        {
            var (options, last) = (settings.Current, made);
            if (!ReferenceEquals(last.From, options)) made = last = new Made(options, make(options));
            return last.What;
        }
    }

    private sealed record Made(GatewayOptions From, T What);
}
