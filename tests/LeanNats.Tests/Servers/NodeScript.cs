using System.Diagnostics;
using System.Text.Json.Nodes;

namespace LeanNats.Tests.Servers;

/// <summary>A script of <c>tests/clients/nats</c> at work: an official JavaScript client that the test tells what to do, line by line.</summary>
internal sealed class NodeScript : IAsyncDisposable
{
    private readonly string name;
    private readonly Process process;
    private readonly Task<string> errors;

    private NodeScript(string name, Process process) => (this.name, this.process, errors) = (name, process, process.StandardError.ReadToEndAsync());

    /// <summary>Starts <c>name.mjs</c> with the server's URL and <paramref name="arguments"/>, a subject first.</summary>
    public static NodeScript Start(string name, NatsServer server, params string[] arguments)
    {
        var folder = Path.Combine(Repository.Root, "tests", "clients");
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            throw new InvalidOperationException("The official clients are missing: run 'npm ci' in tests/clients.");
        var start = new ProcessStartInfo("node", [Path.Combine(folder, "nats", name + ".mjs"), server.Url, .. arguments])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        return new NodeScript(name, Process.Start(start)!);
    }

    /// <summary>Starts a script and waits until it says that it is ready.</summary>
    public static async Task<NodeScript> StartReadyAsync(string name, NatsServer server, params string[] arguments)
    {
        var script = Start(name, server, arguments);
        await script.ExpectAsync("ready");
        return script;
    }

    /// <summary>Says one line and reads the JSON that answers it.</summary>
    public async Task<JsonNode> AskAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
        return JsonNode.Parse(await ReadLineAsync())!;
    }

    /// <summary>Waits for one line.</summary>
    public async Task ExpectAsync(string line) => Assert.Equal(line, await ReadLineAsync());

    /// <summary>
    /// Closes the input, and waits for an end without an error, longer than usual if told. Returns the last line as JSON; null without one.
    /// </summary>
    public async Task<JsonNode?> FinishAsync(TimeSpan? within = null)
    {
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(within ?? NatsServer.Deadline);
        await Wait.ForAsync(process.WaitForExitAsync());
        Assert.True(process.ExitCode == 0, $"{name}.mjs ended with {process.ExitCode}: {await errors}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries) is [.., var last] ? JsonNode.Parse(last) : null;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await Wait.ForAsync(process.WaitForExitAsync());
        process.Dispose();
    }

    private async Task<string> ReadLineAsync() =>
        await Wait.ForAsync(process.StandardOutput.ReadLineAsync()) ?? throw new InvalidOperationException($"{name}.mjs ended: {await errors}");
}
