using System.Collections.Concurrent;
using LmGateway.Backends;
using LmGateway.Configuration;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Scheduling;

/// <summary>Many threads, little memory, callers who leave at any moment: no slot, no load and no caller is ever lost.</summary>
public sealed class SchedulerStormTests
{
    private const int Callers = 16;
    private const int Parallel = 2;

    [Fact]
    public Task A_storm_of_requests_and_cancellations_leaves_nothing_behind() => StormAsync(new SchedulingOptions(), 300);

    [Fact, Trait("run", "long")]
    public Task A_long_storm_of_requests_and_cancellations_leaves_nothing_behind() => StormAsync(new SchedulingOptions(), 30_000);

    [Fact]
    public Task Slots_pass_from_hand_to_hand_and_none_is_lost() => PassAsync(2_000);

    [Fact, Trait("run", "long")]
    public Task Slots_pass_from_hand_to_hand_for_long_and_none_is_lost() => PassAsync(100_000);

    [Fact]
    public Task A_load_that_is_cancelled_as_it_ends_is_neither_lost_nor_doubled() => CancelAtTheEndAsync(500);

    [Fact, Trait("run", "long")]
    public Task A_load_that_is_cancelled_as_it_ends_is_neither_lost_nor_doubled_for_long() => CancelAtTheEndAsync(20_000);

    private static async Task StormAsync(SchedulingOptions options, int rounds)
    {
        var inside = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var faults = new ConcurrentQueue<string>();
        var backend = new FakeBackend { Parallel = Parallel };
        backend.OnLoad = async (_, token) =>
        {
            await Task.Yield();
            token.ThrowIfCancellationRequested();
            if (backend.Identifiers.Count >= 2) throw new GatewayException(ErrorCode.InsufficientMemory, "No room.");
        };
        backend.OnUnload = (identifier, _) =>
        {
            if (inside.GetValueOrDefault(identifier) > 0) faults.Enqueue($"'{identifier}' was unloaded in use");
            return Task.CompletedTask;
        };
        await using var house = new SchedulerHouse(backend, options);
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            for (var round = 0; round < rounds; round++)
            {
                using var leaving = new CancellationTokenSource();
                var acquiring = house.AcquireAsync($"m{random.Next(4)}", cancellationToken: leaving.Token);
                if (random.Next(3) == 0) await Task.Yield();
                if (random.Next(3) == 0) await leaving.CancelAsync();
                try
                {
                    using var lease = await acquiring.WaitAsync(SchedulerHouse.Patience);
                    if (inside.AddOrUpdate(lease.Identifier, 1, (_, count) => count + 1) > Parallel) faults.Enqueue("more run than may");
                    await Task.Yield();
                    inside.AddOrUpdate(lease.Identifier, 0, (_, count) => count - 1);
                }
                catch (OperationCanceledException)
                {
                    // It left.
                }
                catch (GatewayException refused) when (refused.Error.Code == ErrorCode.InsufficientMemory)
                {
                    // All memory was in use.
                }
            }
        })).ToArray();
        await Task.WhenAll(callers);
        Assert.Empty(faults);
        Assert.False(backend.Doubled);
        await AtRestAsync(house);
    }

    private static async Task PassAsync(int rounds)
    {
        await using var house = new SchedulerHouse(new FakeBackend { Parallel = 1 });
        var inside = 0;
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var round = 0; round < rounds; round++)
            {
                using var lease = await house.AcquireAsync().WaitAsync(SchedulerHouse.Patience);
                Assert.Equal(1, Interlocked.Increment(ref inside));
                if (round % 3 == 0) await Task.Yield();
                Interlocked.Decrement(ref inside);
            }
        })).ToArray();
        await Task.WhenAll(callers);
        Assert.Equal(1, house.Backend.Loads);
        await AtRestAsync(house);
    }

    private static async Task CancelAtTheEndAsync(int rounds)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var backend = new FakeBackend { OnLoad = (_, token) => Volatile.Read(ref ready).Task.WaitAsync(token) };
        await using var house = new SchedulerHouse(backend);
        for (var round = 0; round < rounds; round++)
        {
            using var leaving = new CancellationTokenSource();
            var (model, before) = ($"m{round}", backend.Loads);
            var first = house.AcquireAsync(model, cancellationToken: leaving.Token);
            await SchedulerHouse.UntilAsync(() => backend.Loads == before + 1);
            var cancelling = Task.Run(() => leaving.CancelAsync());
            var loading = Task.Run(() => Volatile.Read(ref ready).TrySetResult());
            using var second = await house.AcquireAsync(model).WaitAsync(SchedulerHouse.Patience);
            await Task.WhenAll(cancelling, loading);
            try
            {
                (await first).Dispose();
            }
            catch (OperationCanceledException)
            {
                // The cancel came first.
            }

            Assert.Equal([model], backend.Identifiers);
            backend.Expire(model);
            Volatile.Write(ref ready, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        Assert.False(backend.Doubled);
    }

    private static async Task AtRestAsync(SchedulerHouse house)
    {
        await SchedulerHouse.UntilAsync(() => house.Scheduler.View() is { Waiting.Count: 0, Loads.Count: 0 });
        Assert.All(house.Scheduler.View().Instances, instance => Assert.Equal(0, instance.Running));
    }
}
