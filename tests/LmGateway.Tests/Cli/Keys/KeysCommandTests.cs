using LmGateway.Cli;
using LmGateway.Tests.Functional;
using LmGateway.Tests.Functional.Keys;
using Xunit;

namespace LmGateway.Tests.Cli.Keys;

public sealed class KeysCommandTests
{
    [Fact]
    public async Task Keys_are_made_listed_and_revoked()
    {
        using var command = new CommandUnderTest();
        Assert.Equal("No keys. 'lmgateway keys create NAME' makes one.", (await command.RunAsync("keys", "list")).Well().Errors.Trim());

        var secret = (await command.RunAsync("keys", "create", "laptop", "--scope", "inference", "--model", "a/b", "--requests-per-minute", "5")).Well().Output.Trim();
        var made = await command.JsonAsync("keys", "create", "agent", "--scope", "models");
        Assert.Equal(("agent", "models"), (made.GetProperty("name").GetString(), made.GetProperty("scopes")[0].GetString()));

        var listed = (await command.RunAsync("keys", "list")).Well();
        Assert.Equal("NAME", listed.Lines[0].Split(' ')[0]);
        Assert.Contains(listed.Lines, line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["laptop", "inference", "a/b", "5", "requests/min"]);
        var json = await command.JsonAsync("keys", "list");
        Assert.Equal(["agent", "laptop"], json.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("name").GetString()).Order());
        Assert.DoesNotContain(secret, json.GetRawText() + listed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(made.GetProperty("key").GetString()!, json.GetRawText(), StringComparison.Ordinal);

        Assert.Equal("Revoked laptop.", (await command.RunAsync("keys", "revoke", "laptop")).Well().Output.Trim());
        Assert.Equal("agent", (await command.JsonAsync("keys", "revoke", "agent")).GetProperty("revoked").GetString());
    }

    [Fact]
    public async Task The_keys_of_a_service_that_was_named_are_its_own()
    {
        await using var gateway = await KeyedGateway.StartAsync("app scopes=inference");
        using var command = new CommandUnderTest();
        command.Environment["LMGATEWAY_KEY"] = KeyedGateway.Main;
        string[] there = ["--url", gateway.Address.ToString()];

        var secret = (await command.RunAsync(["keys", "create", "laptop", "--model", GatewayUnderTest.Chat, "--tokens-per-day", "5000", .. there])).Well().Output.Trim();
        Assert.Equal(200, (await gateway.AskAsync(secret, HttpMethod.Get, "/v1/models")).Status);
        var listed = (await command.RunAsync(["keys", "list", .. there])).Well();
        Assert.Equal(["laptop", "inference", GatewayUnderTest.Chat, "5000", "tokens/day"], listed.Lines[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, listed.Lines.Length);
        Assert.Equal("not_found", (await command.RunAsync(["keys", "revoke", "nobody", "--json", .. there])).Failure(ExitCodes.Failed).GetProperty("code").GetString());
        Assert.Equal("Revoked laptop.", (await command.RunAsync(["keys", "revoke", "laptop", .. there])).Well().Output.Trim());
        Assert.Equal(401, (await gateway.AskAsync(secret, HttpMethod.Get, "/v1/models")).Status);
        Assert.False(File.Exists(Path.Combine(command.Folder, LmGateway.Security.KeyFile.FileName)), "nothing was made on this machine");

        command.Environment["LMGATEWAY_KEY"] = "app";
        Assert.Equal("forbidden", (await command.RunAsync(["keys", "list", "--json", .. there])).Failure(ExitCodes.Failed).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("There is no key 'nobody'.", "keys", "revoke", "nobody")]
    [InlineData("Unrecognized command or argument '--bogus'.", "keys", "list", "--bogus")]
    public async Task What_cannot_be_done_is_said_to_programs_and_people(string message, params string[] arguments)
    {
        using var command = new CommandUnderTest();
        Assert.Equal(message, (await command.RunAsync([.. arguments, "--json"])).Failure(ExitCodes.BadConfiguration).GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_scope_that_there_is_not_is_refused()
    {
        using var command = new CommandUnderTest();
        var refused = (await command.RunAsync("keys", "create", "x", "--scope", "everything", "--json")).Failure(ExitCodes.BadConfiguration);
        Assert.Contains("there is no scope 'everything'", refused.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_file_is_told_with_what_to_do()
    {
        using var command = new CommandUnderTest();
        (await command.RunAsync("keys", "create", "x")).Well();
        await File.WriteAllTextAsync(Path.Combine(command.Folder, LmGateway.Security.KeyFile.FileName), "{", TestContext.Current.CancellationToken);
        Assert.Equal("damaged", (await command.RunAsync("keys", "list", "--json")).Failure(ExitCodes.Failed).GetProperty("code").GetString());
    }
}
