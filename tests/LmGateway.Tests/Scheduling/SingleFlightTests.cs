using LmGateway.Backends;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Scheduling;

/// <summary>However many requests want a model at once, it is loaded once.</summary>
public sealed class SingleFlightTests
{
    private const int Requests = 64;

    [Fact]
    public Task Sixty_four_first_requests_cause_one_load_20_times_in_a_row() => FirstRequestsAsync(20);

    [Fact, Trait("run", "long")]
    public Task Sixty_four_first_requests_cause_one_load_1000_times_in_a_row() => FirstRequestsAsync(1000);

    [Fact]
    public Task Sixty_four_first_requests_send_one_ahead_without_a_way_to_load_20_times_in_a_row() => FirstRequestsJustInTimeAsync(20);

    [Fact, Trait("run", "long")]
    public Task Sixty_four_first_requests_send_one_ahead_without_a_way_to_load_1000_times_in_a_row() => FirstRequestsJustInTimeAsync(1000);

    private static async Task FirstRequestsAsync(int times)
    {
        for (var time = 0; time < times; time++)
        {
            var backend = new FakeBackend { OnLoad = async (_, token) => { await Task.Yield(); token.ThrowIfCancellationRequested(); } };
            await using var house = new SchedulerHouse(backend);
            await TogetherAsync(house);
            Assert.Equal(1, backend.Loads);
            Assert.Equal(["m"], backend.Identifiers);
        }
    }

    private static async Task FirstRequestsJustInTimeAsync(int times)
    {
        for (var time = 0; time < times; time++)
        {
            var backend = new FakeBackend { LoadsOnRequest = true, Control = new ControlChannels(false, Rest: time % 2 == 0, false) };
            await using var house = new SchedulerHouse(backend);
            var ahead = await TogetherAsync(house);
            Assert.Equal(0, backend.Loads);
            Assert.Equal(1, ahead);
        }
    }

    /// <summary>Sends all requests at once from as many threads as there are, and returns how many went ahead just in time.</summary>
    private static async Task<int> TogetherAsync(SchedulerHouse house)
    {
        var ahead = 0;
        var gun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var runs = Enumerable.Range(0, Requests).Select(_ => Task.Run(async () =>
        {
            await gun.Task;
            using var lease = await house.AcquireAsync();
            if (lease.JustInTime)
            {
                Interlocked.Increment(ref ahead);
                house.Backend.Put("m");
            }

            Assert.Equal("m", lease.Identifier);
            await Task.Yield();
            lease.Answered();
        })).ToArray();
        gun.SetResult();
        await Task.WhenAll(runs).WaitAsync(SchedulerHouse.Patience);
        return ahead;
    }
}
