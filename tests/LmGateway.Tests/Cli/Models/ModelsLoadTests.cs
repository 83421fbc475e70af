using LmGateway.Cli;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Cli.Models;

public sealed class ModelsLoadTests
{
    [Fact]
    public async Task A_model_is_loaded_with_its_configuration_and_what_does_not_hold_is_told()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        var loaded = (await command.RunAsync(
            "models", "load", "qwen2", "-c", "4096", "--gpu", "max", "--ttl", "600", "--identifier", "desk", "--activate", "--set", "flashAttention=true", "--set", "gpu.layers=32", "--set", "no_such=1")).Well();

        Assert.StartsWith("Loaded qwen2 as desk in ", loaded.Lines[0], StringComparison.Ordinal);
        Assert.Equal("It is the active model now: requests that name none get it.", loaded.Lines[1]);
        Assert.Equal("Not applied: gpu.layers. LM Studio takes GPU offload as a ratio only; use gpu.ratio.", loaded.Lines[2]);
        Assert.StartsWith("Not applied: no_such. There is no such load parameter.", loaded.Lines[3], StringComparison.Ordinal);
        var instance = (await command.JsonAsync("models", "list", "--loaded")).GetProperty("models")[0].GetProperty("instances")[0];
        Assert.Equal(("desk", 4096, 600), (instance.GetProperty("instanceId").GetString(), instance.GetProperty("contextLength").GetInt32(), instance.GetProperty("ttlSeconds").GetInt32()));
        var other = await command.JsonAsync("models", "load", GatewayUnderTest.Other, "--exclusive");
        Assert.Equal("desk", Assert.Single(other.GetProperty("unloaded").EnumerateArray()).GetString());
        Assert.False(other.GetProperty("activated").GetBoolean());
    }

    [Fact]
    public async Task An_estimate_loads_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        var told = (await command.RunAsync("models", "load", "qwen2", "--estimate", "-c", "8192")).Well();
        Assert.Matches("^qwen2-1.5b-instruct fits: it needs about [0-9.]+ GB \\([0-9.]+ [GM]B of it video memory, [0-9.]+ [GM]B for the context\\)\\.$", told.Output.Trim());
        var estimate = await command.JsonAsync("models", "load", "qwen2", "--estimate", "-c", "8192");
        Assert.True(estimate.GetProperty("fits").GetBoolean());
        Assert.True(estimate.GetProperty("totalBytes").GetInt64() > estimate.GetProperty("modelBytes").GetInt64());
        Assert.True(estimate.GetProperty("contextBytes").GetInt64() > (await command.JsonAsync("models", "load", "qwen2", "--estimate", "-c", "1024")).GetProperty("contextBytes").GetInt64());
        Assert.Empty((await command.JsonAsync("models", "list", "--loaded")).GetProperty("models").EnumerateArray());
        Assert.Equal(GatewayUnderTest.Embedder, (await command.JsonAsync("models", "load", GatewayUnderTest.Embedder, "--estimate")).GetProperty("modelKey").GetString());
    }

    [Fact]
    public async Task What_will_hardly_fit_is_told_before_the_load()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { MemoryModels = 1 });
        using var command = CommandUnderTest.Beside(gateway);
        (await command.RunAsync("models", "load", GatewayUnderTest.Chat)).Well();

        Assert.Contains("does not fit", (await command.RunAsync("models", "load", GatewayUnderTest.Other, "--estimate")).Well().Output, StringComparison.Ordinal);
        var refused = await command.RunAsync("models", "load", GatewayUnderTest.Other);

        Assert.Equal(ExitCodes.Failed, refused.Code);
        Assert.StartsWith("It will hardly fit: it needs about ", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_a_bar_shows_how_far_the_load_is_and_goes_away()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { LoadTime = TimeSpan.FromMilliseconds(900) });
        using var command = CommandUnderTest.Beside(gateway);
        command.Terminal = 100;

        var loaded = (await command.RunAsync("models", "load", GatewayUnderTest.Chat)).Well();

        Assert.Contains($"Loading {GatewayUnderTest.Chat}", loaded.Errors, StringComparison.Ordinal);
        Assert.Contains("%", loaded.Errors, StringComparison.Ordinal);
        Assert.StartsWith($"Loaded {GatewayUnderTest.Chat} as ", loaded.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', loaded.Output);
    }

    [Fact]
    public async Task What_cannot_be_loaded_says_why()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        var missing = (await command.RunAsync("models", "load", "nobody/nothing", "--json")).Failure(ExitCodes.Failed);
        Assert.Equal(("not_found", "Model not found: nobody/nothing"), (missing.GetProperty("code").GetString(), missing.GetProperty("message").GetString()));
        var bad = (await command.RunAsync("models", "load", "qwen2", "--set", "contextLength=-1", "--json")).Failure(ExitCodes.Failed);
        Assert.Equal("loadConfig.contextLength: a whole number from 1 to 2147483647 is expected", bad.GetProperty("details")[0].GetString());
        var ratio = (await command.RunAsync("models", "load", "qwen2", "--gpu", "3", "--json")).Failure(ExitCodes.BadConfiguration);
        Assert.Equal("--gpu 3: max, off, or a number from 0 to 1 is expected", ratio.GetProperty("message").GetString());
        (await command.RunAsync("models", "load", "qwen2", "--identifier", "desk")).Well();
        Assert.Equal("conflict", (await command.RunAsync("models", "load", "granite", "--identifier", "desk", "--json")).Failure(ExitCodes.Failed).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Who_leaves_ends_the_load()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { LoadTime = TimeSpan.FromMinutes(5) });
        using var command = CommandUnderTest.Beside(gateway);
        using var leaving = new CancellationTokenSource();

        var running = command.RunAsync(["models", "load", GatewayUnderTest.Chat], leaving.Token);
        await Eventually.TrueAsync(async () => (await gateway.GetJsonAsync("/debug/queue")).Body.GetProperty("loads").GetArrayLength() == 1, "the load is under way");
        await leaving.CancelAsync();

        Assert.Equal(ExitCodes.Interrupted, (await running).Code);
        await Eventually.TrueAsync(async () => (await gateway.GetJsonAsync("/debug/queue")).Body.GetProperty("loads").GetArrayLength() == 0, "the load has ended");
    }

    [Fact]
    public async Task A_model_is_unloaded_by_name_or_everything_is()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        foreach (var name in new[] { "one", "two", "three" }) (await command.RunAsync("models", "load", GatewayUnderTest.Chat, "--identifier", name)).Well();

        Assert.Equal("Unloaded one.", (await command.RunAsync("models", "unload", "one")).Well().Output.Trim());
        var ambiguous = (await command.RunAsync("models", "unload", GatewayUnderTest.Chat, "--json")).Failure(ExitCodes.Failed);
        Assert.Equal(["two", "three"], ambiguous.GetProperty("details").EnumerateArray().Select(name => name.GetString()).OrderDescending());
        Assert.Equal(["three", "two"], (await command.JsonAsync("models", "unload", "--all")).GetProperty("unloaded").EnumerateArray().Select(name => name.GetString()).Order());
        Assert.Equal("Nothing is loaded.", (await command.RunAsync("models", "unload", "--all")).Well().Output.Trim());
        Assert.Equal("usage", (await command.RunAsync("models", "unload", "--json")).Failure(ExitCodes.BadConfiguration).GetProperty("code").GetString());
        Assert.Equal("usage", (await command.RunAsync("models", "unload", "x", "--all", "--json")).Failure(ExitCodes.BadConfiguration).GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_model_is_made_the_active_one_without_being_loaded()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        Assert.Equal($"{GatewayUnderTest.Other} is the active model.", (await command.RunAsync("models", "activate", GatewayUnderTest.Other)).Well().Output.Trim());
        Assert.Equal("activated", (await command.JsonAsync("models", "activate", GatewayUnderTest.Other)).GetProperty("status").GetString());
        Assert.Equal(GatewayUnderTest.Other, (await gateway.GetJsonAsync("/debug/status")).Body.GetProperty("activeModel").GetProperty("modelKey").GetString());
        Assert.Equal("not_found", (await command.RunAsync("models", "activate", "nothing", "--json")).Failure(ExitCodes.Failed).GetProperty("code").GetString());
    }
}
