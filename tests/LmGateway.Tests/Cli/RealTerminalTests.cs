using System.Diagnostics;
using System.Text.RegularExpressions;
using LmGateway.Cli;
using LmGateway.Tests.Functional;
using LmGateway.Tests.Functional.Provider;
using Xunit;

namespace LmGateway.Tests.Cli;

/// <summary>The real program as a process: in a pipe, at a terminal that <c>script</c> makes, and told to stop.</summary>
public sealed class RealTerminalTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public RealTerminalTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals and script are used as on Linux.");

    [Theory]
    [InlineData("status")]
    [InlineData("models list")]
    [InlineData("models load qwen2")]
    [InlineData("chat qwen2-1.5b-instruct Hello")]
    [InlineData("top")]
    [InlineData("models search llama")]
    public async Task In_a_pipe_there_are_no_escape_codes(string command)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var process = Start(gateway, ProgramUnderTest.Executable, command.Split(' '));
        process.StandardInput.Close();

        var (code, output, errors) = await EndAsync(process);

        Assert.True(code == 0, output + errors);
        Assert.NotEmpty(output);
        Assert.DoesNotContain('\e', output + errors);
    }

    [Theory]
    [InlineData("models list", "MODEL")]
    [InlineData("status", "●")]
    [InlineData("models load qwen2", "Loaded qwen2 as qwen2-1.5b-instruct")]
    [InlineData("top --frames 2 --interval 0.2", "healthy, up")]
    [InlineData("chat qwen2-1.5b-instruct count to 3", "1, 2, 3")]
    public async Task At_a_terminal_it_draws(string command, string seen)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var process = Start(gateway, "script", ["-qec", $"stty cols 100 rows 30; exec '{ProgramUnderTest.Executable}' {command}", "/dev/null"]);

        var (code, output, _) = await EndAsync(process);

        Assert.True(code == 0, output);
        Assert.Contains('\e', output);
        Assert.Contains(seen, Regex.Replace(output, "\e\\[[0-9;?]*[A-Za-z]", "", RegexOptions.None, TimeSpan.FromSeconds(10)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conversation_is_typed_at_a_terminal_and_Ctrl_C_ends_an_answer_but_not_the_conversation()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { TokensPerSecond = 20 });
        using var process = Start(gateway, "script", ["-qec", $"stty cols 100 rows 30; exec '{ProgramUnderTest.Executable}' chat {GatewayUnderTest.Chat} --no-history", "/dev/null"]);
        var reading = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        await process.StandardInput.WriteAsync("count to 500\r");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await CountAsync(gateway, "streaming") == 1, "the answer comes");
        await process.StandardInput.WriteAsync("\u0003");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await CountAsync(gateway, "cancelled") == 1, "the answer has ended");
        await process.StandardInput.WriteAsync("count to 2\r");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await CountAsync(gateway, "done") == 1, "the next one is whole");
        await process.StandardInput.WriteAsync("/exit\r");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);

        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        var output = await reading;
        Assert.True(process.ExitCode == 0, output);
        Assert.Contains("Ended before its time.", output, StringComparison.Ordinal);
        Assert.Contains("1, 2", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_ends_when_nobody_reads_on()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var process = Start(gateway, "bash", ["-c", $"set -o pipefail; '{ProgramUnderTest.Executable}' top --json --interval 0.1 | head -1"]);

        var (code, output, errors) = await EndAsync(process);

        Assert.Equal((0, ""), (code, errors));
        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("chat qwen2-1.5b-instruct count to 500", "/debug/requests?state=streaming", "requests")]
    [InlineData("models load granite", "/debug/queue", "loads")]
    public async Task Told_to_stop_it_ends_with_130_and_the_service_ends_what_it_did(string command, string path, string list)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { TokensPerSecond = 10, LoadTime = TimeSpan.FromSeconds(command.StartsWith("chat", StringComparison.Ordinal) ? 0 : 300) });
        using var process = Start(gateway, ProgramUnderTest.Executable, command.Split(' '));
        process.StandardInput.Close();
        await Eventually.TrueAsync(async () => (await gateway.GetJsonAsync(path)).Body.GetProperty(list).GetArrayLength() == 1, "it is under way");

        using (var kill = Process.Start("kill", ["-INT", process.Id.ToString()])) await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        var (code, _, errors) = await EndAsync(process);

        Assert.True(code == ExitCodes.Interrupted, $"{code} {errors}");
        Assert.Contains("Interrupted.", errors, StringComparison.Ordinal);
        await Eventually.TrueAsync(async () => (await gateway.GetJsonAsync(path)).Body.GetProperty(list).GetArrayLength() == 0, "it has ended");
    }

    private static async Task<int> CountAsync(GatewayUnderTest gateway, string state) => (await gateway.GetJsonAsync($"/debug/requests?state={state}")).Body.GetProperty("requests").GetArrayLength();

    private static Process Start(GatewayUnderTest gateway, string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LMGATEWAY_URL"] = gateway.Address.ToString();
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath);
        start.Environment["LMGATEWAY_STATE_DIR"] = gateway.StateFolder;
        start.Environment["TERM"] = "xterm";
        start.Environment.Remove("NO_COLOR");
        return Process.Start(start)!;
    }

    private static async Task<(int Code, string Output, string Errors)> EndAsync(Process process)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
