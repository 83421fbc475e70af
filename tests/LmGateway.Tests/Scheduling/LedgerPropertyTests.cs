using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace LmGateway.Tests.Scheduling;

/// <summary>
/// Whatever happens in whatever order: an instance in use is never unloaded, no more requests run than may, a model has one load at a time, only what was
/// loaded on demand is evicted, nobody overtakes, and nobody who was let into the queue is left without an answer.
/// </summary>
public sealed class LedgerPropertyTests
{
    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Random_orders_of_everything_break_no_promise(bool canLoad, bool canList) =>
        Check(canLoad, canList, Config.QuickThrowOnFailure.WithMaxTest(1000).WithStartSize(20).WithEndSize(400).WithReplay(20260114, 7));

    [Theory, Trait("run", "long")]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Very_many_random_orders_of_everything_break_no_promise(bool canLoad, bool canList) =>
        Check(canLoad, canList, Config.QuickThrowOnFailure.WithMaxTest(20_000).WithStartSize(20).WithEndSize(1000));

    private static void Check(bool canLoad, bool canList, Config config)
    {
        var happenings = Arb.From(Gen.Choose(0, 1 << 20).ArrayOf(), ArbMap.Default.ArbFor<int[]>().Shrinker);
        Prop.ForAll(happenings, (int[] order) => Live(canLoad, canList, order)).Check(config);
    }

    private static void Live(bool canLoad, bool canList, int[] order)
    {
        var world = new RandomWorld(canLoad, canList);
        foreach (var what in order) world.Happen(Math.Abs(what));
        world.End();
    }
}
