using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using LmGateway.Tests.Functional.Provider;
using Xunit;

namespace LmGateway.Tests.Functional.Setup;

/// <summary><c>lmgateway serve --nats-server</c>: a NATS server with JetStream for those who have none.</summary>
public sealed class NatsServerOptionTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("lmgateway-nats-").FullName;
    private readonly int port = FreePort.Next();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task It_starts_a_server_with_JetStream_and_ends_it_with_the_service()
    {
        await using var program = await ServeAsync();
        Assert.Contains("Started nats-server", program.Said, StringComparison.Ordinal);
        await HealthyAsync(program);
        Assert.Contains("\"jetstream\":true", await GreetingAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await program.StopAsync());
        await Assert.ThrowsAsync<SocketException>(GreetingAsync);
    }

    [Fact]
    public async Task One_that_answers_already_is_used_and_left_running()
    {
        await using var first = await ServeAsync();
        await using var second = await ServeAsync();
        Assert.Contains("A NATS server answers already", second.Said, StringComparison.Ordinal);
        await HealthyAsync(second);
        Assert.Equal(0, await second.StopAsync());
        Assert.Contains("\"jetstream\":true", await GreetingAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await first.StopAsync());
    }

    [Fact]
    public async Task A_server_elsewhere_cannot_be_started_here()
    {
        var (code, said) = await RunAsync("nats://example.com:4222");
        Assert.Equal(2, code);
        Assert.Contains("--nats-server serves one plain address of this machine", said, StringComparison.Ordinal);
        Assert.Contains("nats.url is nats://example.com:4222 (environment NATS_URL)", said, StringComparison.Ordinal);
    }

    private Task<ProgramUnderTest> ServeAsync() =>
        ProgramUnderTest.StartAsync([ProgramUnderTest.Executable, "serve", "--demo", "--nats-server"], new Dictionary<string, string> { ["NATS_URL"] = $"nats://127.0.0.1:{port}" }, folder);

    private async Task<(int Code, string Said)> RunAsync(string url)
    {
        var start = new ProcessStartInfo(ProgramUnderTest.Executable, ["serve", "--nats-server"]) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardError = true };
        start.Environment["NATS_URL"] = url;
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath);
        using var process = Process.Start(start)!;
        var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, said);
    }

    private static Task HealthyAsync(ProgramUnderTest program) => Eventually.TrueAsync(
        async () => JsonElement.Parse(await program.Http.GetStringAsync("/health", TestContext.Current.CancellationToken)).GetProperty("nats") .GetProperty("state").GetString() == "connected",
        "the service is connected to NATS");

    /// <summary>What the server says first, by its own protocol.</summary>
    private async Task<string> GreetingAsync()
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadLineAsync(TestContext.Current.CancellationToken) ?? "";
    }
}
