using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;

namespace LmGateway.Tests.Functional.Mcp;

/// <summary><c>lmgateway mcp</c> as a client starts it: with an environment of its own, in a folder of its own.</summary>
internal sealed class McpProgram : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Channel<string> lines = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> errors = new();

    private McpProgram(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null) lines.Writer.TryComplete();
            else lines.Writer.TryWrite(line.Data);
        };
        process.ErrorDataReceived += (_, line) => errors.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Errors => string.Join('\n', errors);

    public static McpProgram Start(string folder, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "lmgateway.dll"), "mcp", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["HOME"] = start.Environment["XDG_CONFIG_HOME"] = start.Environment["LMGATEWAY_STATE_DIR"] = folder;
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new McpProgram(Process.Start(start)!);
    }

    public async Task SendAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
    }

    /// <summary>The next message. Anything that is no JSON-RPC message fails here.</summary>
    public async Task<JsonElement> NextAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var message = JsonElement.Parse(await lines.Reader.ReadAsync(patience.Token));
        return message.GetProperty("jsonrpc").ValueEquals("2.0") ? message : throw new InvalidOperationException(message.GetRawText());
    }

    /// <summary>Messages up to the answer to this request.</summary>
    public async Task<McpReply> AnswerAsync(int id)
    {
        var messages = new List<JsonElement>();
        do messages.Add(await NextAsync());
        while (!(messages[^1].TryGetProperty("id", out var answered) && answered.ValueKind == JsonValueKind.Number && answered.GetInt32() == id));
        return new McpReply(200, messages);
    }

    /// <summary>The client closes its end; what is left of the output, and the exit code.</summary>
    public async Task<(IReadOnlyList<string> Left, int ExitCode)> CloseAsync()
    {
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(Patience);
        var rest = new List<string>();
        await foreach (var line in lines.Reader.ReadAllAsync(patience.Token)) rest.Add(line);
        await process.WaitForExitAsync(patience.Token);
        return (rest, process.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
