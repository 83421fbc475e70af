using System.Text.Json;
using LmGateway.Cli;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Cli;

/// <summary>What a command said and how it ended.</summary>
internal sealed record CommandResult(int Code, string Output, string Errors)
{
    public JsonElement Json => JsonElement.Parse(Output);

    public string[] Lines => Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>It went well, and a program that reads it sees nothing on standard error.</summary>
    public CommandResult Well()
    {
        Assert.True(Code == ExitCodes.Success, $"{Code}: {Output}{Errors}");
        return this;
    }

    /// <summary>The failure as programs get it: the document has it, and standard error the same words for people.</summary>
    public JsonElement Failure(int code)
    {
        Assert.True(Code == code, $"{Code}: {Output}{Errors}");
        var error = Json.GetProperty("error");
        Assert.Equal(["code", "message", "next"], error.EnumerateObject().Select(member => member.Name).Where(name => name != "details"));
        Assert.StartsWith($"lmgateway: {error.GetProperty("message").GetString()}", Errors, StringComparison.Ordinal);
        return error;
    }
}

/// <summary>The command line in a folder and an environment of its own, with pipes or with a terminal that shows what is written.</summary>
internal sealed class CommandUnderTest : IDisposable
{
    public CommandUnderTest(Uri? service = null)
    {
        Environment = new Dictionary<string, string> { ["HOME"] = Folder, ["XDG_CONFIG_HOME"] = Folder, ["APPDATA"] = Folder, ["LMGATEWAY_STATE_DIR"] = Folder, ["NATS_URL"] = "" };
        if (service is not null) Environment["LMGATEWAY_URL"] = service.ToString();
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("lmgateway-command-").FullName;

    public Dictionary<string, string> Environment { get; }

    /// <summary>Somebody sits at a terminal of that many columns.</summary>
    public int? Terminal { get; set; }

    /// <summary>What is typed or piped in.</summary>
    public string Input { get; set; } = "";

    /// <summary>In its place, a pipe that somebody holds open.</summary>
    public TextReader? Pipe { get; set; }

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public Func<ConsoleKeyInfo> ReadKey { get; set; } = () => throw new InvalidOperationException("No key is pressed in this test.");

    /// <summary>A service in front of a simulated LM Studio, and a shell beside it.</summary>
    public static CommandUnderTest Beside(GatewayUnderTest gateway) => new(gateway.Address);

    /// <summary>No service anywhere; LM Studio at the address.</summary>
    public static CommandUnderTest Alone(Uri lmStudio)
    {
        var command = new CommandUnderTest();
        command.Environment["LMGATEWAY_LISTEN__PORT"] = FreePort.Next().ToString();
        command.Environment["LMSTUDIO_URL"] = lmStudio.ToString();
        return command;
    }

    public async Task<CommandResult> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var isTerminal = Terminal is not null;
        var code = await CommandLine.RunAsync(
            arguments,
            new CommandHandlers { Serve = (_, _, _) => Task.FromResult(99), Mcp = (_, _, _) => Task.FromResult(99), Simulate = (_, _, _) => Task.FromResult(99), SimulateLms = (_, _) => Task.FromResult(99) },
            new CommandSurroundings
            {
                Out = TextWriter.Synchronized(output),
                Error = TextWriter.Synchronized(errors),
                In = Pipe ?? new StringReader(Input),
                Time = Time,
                WorkingFolder = Folder,
                Environment = Environment,
                OutIsTerminal = isTerminal,
                ErrorIsTerminal = isTerminal,
                InIsTerminal = isTerminal,
                Width = () => Terminal ?? 80,
                ReadKey = ReadKey,
            },
            cancellationToken);
        return new CommandResult(code, output.ToString(), errors.ToString());
    }

    public Task<CommandResult> RunAsync(params string[] arguments) => RunAsync(arguments, TestContext.Current.CancellationToken);

    /// <summary>With <c>--json</c>, and nothing on standard error.</summary>
    public async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var result = (await RunAsync([.. arguments, "--json"])).Well();
        Assert.Equal("", result.Errors);
        return result.Json;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
