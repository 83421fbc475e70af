using LmGateway.Cli;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Cli.Jobs;

public sealed class JobsTests
{
    private const string Wanted = "https://huggingface.co/lmstudio-community/Llama-3.2-1B-Instruct-GGUF@Q4_K_M";

    [Fact]
    public async Task A_job_that_goes_on_when_one_leaves_can_be_found_followed_and_ended()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { DownloadTime = TimeSpan.FromMinutes(5) });
        using var command = CommandUnderTest.Beside(gateway);
        using var leaving = new CancellationTokenSource();

        var running = command.RunAsync(["models", "pull", Wanted, "--json"], leaving.Token);
        await Eventually.TrueAsync(async () => (await gateway.GetJsonAsync("/admin/jobs")).Body.GetProperty("jobs").GetArrayLength() == 1, "the job is there");
        await Eventually.TrueAsync(async () => (await command.RunAsync("jobs", "list")).Output.Contains("running", StringComparison.Ordinal), "it runs");
        await leaving.CancelAsync();
        var left = (await running).Failure(ExitCodes.Interrupted);

        var id = (await command.JsonAsync("jobs", "list")).GetProperty("jobs")[0].GetProperty("id").GetString()!;
        Assert.Equal($"Downloading {Wanted} goes on in the service as {id}.", left.GetProperty("message").GetString());
        Assert.Contains($"lmgateway jobs cancel {id}", left.GetProperty("next").GetString(), StringComparison.Ordinal);
        Assert.Equal("running", (await command.JsonAsync("jobs", "show", id)).GetProperty("state").GetString());
        var following = command.RunAsync("jobs", "show", id, "--follow", "--json");
        Assert.Equal($"Cancelled {id}.", (await command.RunAsync("jobs", "cancel", id)).Well().Output.Trim());
        Assert.Equal("cancelled", (await following).Failure(ExitCodes.Failed).GetProperty("code").GetString());
        Assert.Equal("cancelled", (await command.JsonAsync("jobs", "cancel", id)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Jobs_stand_in_a_table_and_one_in_lines()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        Assert.Equal(("", "No jobs."), ((await command.RunAsync("jobs", "list")).Output, (await command.RunAsync("jobs", "list")).Errors.Trim()));
        (await command.RunAsync("models", "pull", Wanted)).Well();

        var listed = (await command.RunAsync("jobs", "list")).Well();
        Assert.Equal(["ID", "KIND", "STATE", "DONE", "MODEL"], listed.Lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["pull", "done", "100", "%", Wanted], listed.Lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]);
        var shown = (await command.RunAsync("jobs", "show", listed.Lines[1].Split(' ')[0])).Well();
        Assert.Contains("state     done", shown.Lines);
        Assert.Contains($"model     {Wanted}", shown.Lines);
    }

    [Fact]
    public async Task Jobs_are_the_services_own_and_need_one()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        foreach (var verb in new[] { "show", "cancel" })
        {
            var missing = (await command.RunAsync("jobs", verb, "job_x", "--json")).Failure(ExitCodes.Failed);
            Assert.Equal(("not_found", "'lmgateway jobs list' shows the jobs."), (missing.GetProperty("code").GetString(), missing.GetProperty("next").GetString()));
        }

        using var alone = CommandUnderTest.Alone(gateway.Simulator.Address);
        Assert.Equal("no_service", (await alone.RunAsync("jobs", "list", "--json")).Failure(ExitCodes.NoService).GetProperty("code").GetString());
    }
}
