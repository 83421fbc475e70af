using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Engine;

public sealed class DiagnosticLogTests
{
    [Fact]
    public async Task The_log_has_the_whole_answer_with_what_a_stop_string_held_back()
    {
        await using var rig = await Rig.StartAsync();
        var instance = await rig.State.Loading.GetOrLoadInstanceAsync(new LoadRequest { ModelKey = Rig.Granite }, TestContext.Current.CancellationToken);
        await using var log = rig.State.Log.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var next = log.MoveNextAsync();
        var request = new GenerationRequest { Messages = [new PromptMessage("user", "count to 3")], StopStrings = ["3!"] };
        await foreach (var _ in rig.State.Generator.GenerateAsync(instance, request, TestContext.Current.CancellationToken))
        {
        }

        Assert.True(await next);
        while (log.Current is not DiagnosticEvent.PredictionOutput) Assert.True(await log.MoveNextAsync());
        Assert.Equal("1, 2, 3", ((DiagnosticEvent.PredictionOutput)log.Current).Output);
    }
}
