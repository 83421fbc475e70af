using LmGateway.Tests.Functional;
using LmGateway.Tests.Functional.Doctor;
using Xunit;

namespace LmGateway.Tests.Cli.Chat;

/// <summary>Standard input that is a pipe: with something in it, with nothing in it, and held open by somebody who never writes.</summary>
public sealed class PipedTextTests
{
    private static readonly string[] Ask = ["chat", GatewayUnderTest.Chat, "Sum up:"];

    [Fact]
    public async Task Beside_a_prompt_a_pipe_that_stays_empty_holds_nobody_up()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (pipe, time) = (new HeldPipe(), new ManualTime());
        using var command = CommandUnderTest.Beside(gateway);
        (command.Pipe, command.Time) = (pipe, time);

        var asking = command.RunAsync(Ask);
        await pipe.Asked.WaitAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => time.Pending == 1, "the wait is limited");
        time.Advance(TimeSpan.FromSeconds(3));
        var answer = (await asking).Well();

        Assert.Equal("You said: Sum up:", answer.Output.TrimEnd());
        Assert.Contains("Nothing came from standard input within 3 s; going on without it.", answer.Errors, StringComparison.Ordinal);
        pipe.Write("");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_asked_for_is_waited_for(bool withPrompt)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (pipe, time) = (new HeldPipe(), new ManualTime());
        using var command = CommandUnderTest.Beside(gateway);
        (command.Pipe, command.Time) = (pipe, time);

        var asking = command.RunAsync(withPrompt ? [.. Ask, "--stdin"] : Ask[..2]);
        await pipe.Asked.WaitAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromHours(1));
        pipe.Write("the end\n");

        Assert.Equal(withPrompt ? "You said: Sum up:\n\nthe end" : "You said: the end", (await asking).Well().Output.TrimEnd());
    }

    [Fact]
    public async Task The_program_itself_answers_with_its_input_held_open_and_reads_what_comes()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var machine = new DoctoredMachine();
        machine.Set("LMGATEWAY_URL", gateway.Address.ToString());

        using var held = machine.Start(Ask);
        Assert.Equal("You said: Sum up:", (await held.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).TrimEnd());
        await held.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, held.ExitCode);

        using var fed = machine.Start([.. Ask, "--stdin"]);
        await fed.StandardInput.WriteAsync("the end");
        fed.StandardInput.Close();
        Assert.Equal("You said: Sum up:\n\nthe end", (await fed.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).TrimEnd());
    }

    /// <summary>A pipe from which nothing can be read until something is written, and then its end.</summary>
    private sealed class HeldPipe : TextReader
    {
        private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<StringReader> written = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Somebody reads.</summary>
        public Task Asked => asked.Task;

        public void Write(string text) => written.SetResult(new StringReader(text));

        public override int Read()
        {
            asked.TrySetResult();
            return written.Task.GetAwaiter().GetResult().Read();
        }

        public override string ReadToEnd() => written.Task.GetAwaiter().GetResult().ReadToEnd();
    }
}
