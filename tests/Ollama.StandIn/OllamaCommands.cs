using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Ollama.StandIn;

/// <summary>
/// The program <c>ollama</c>: <c>serve</c> runs the server until it is told to end, everything else asks the server at <c>OLLAMA_HOST</c>.
/// <c>OLLAMA_STANDIN_MODELS</c> (a comma list) is in the store of a server at its start; <c>OLLAMA_STANDIN_PULLABLE</c> is all that can be
/// pulled; <c>OLLAMA_STANDIN_START_MS</c> is how long the server takes until it answers.
/// </summary>
internal sealed class OllamaCommands(TextWriter output, TextWriter error, Func<string, string?> environment)
{
    private const int UsualPort = 11434;

    public async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            return arguments switch
            {
                ["serve"] or ["start"] => await ServeAsync(),
                ["--version" or "-v"] => await VersionAsync(),
                ["list" or "ls"] => await ListAsync(),
                ["ps"] => await ProcessesAsync(),
                ["pull", var model] => await PullAsync(model),
                ["rm", .. var models] => await RemoveAsync(models),
                ["show", var model] => await AskAsync(HttpMethod.Post, "/api/show", model) is { } shown ? Say($"  Model\n    architecture        {shown["details"]!["family"]}") : 1,
                ["stop", var model] => await AskAsync(HttpMethod.Post, "/api/generate", model, ("keep_alive", 0)) is null ? 1 : 0,
                ["run", var model, var prompt] => await AskAsync(HttpMethod.Post, "/api/generate", model, ("prompt", prompt), ("stream", false)) is { } answer ? Say(answer["response"]!.GetValue<string>()) : 1,
                [] => Usage(0),
                _ => Usage(1, $"Error: unknown command \"{arguments[0]}\" for \"ollama\""),
            };
        }
        catch (HttpRequestException)
        {
            await error.WriteLineAsync("Error: could not connect to ollama server, run 'ollama serve' to start it");
            return 1;
        }
    }

    private async Task<int> ServeAsync()
    {
        var ended = new TaskCompletionSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        var options = new StandInOptions { Models = Names("OLLAMA_STANDIN_MODELS") ?? [], Pullable = Names("OLLAMA_STANDIN_PULLABLE") };
        if (int.TryParse(environment("OLLAMA_STANDIN_START_MS"), CultureInfo.InvariantCulture, out var start)) await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(start), TimeProvider.System), ended.Task);
        try
        {
            await using var server = await OllamaServer.StartAsync(options, Host().Port);
            await error.WriteLineAsync($"time=2026-08-21T10:00:00.000Z level=INFO source=routes.go:1400 msg=\"Listening on {new Uri(server.Address).Authority} (version {OllamaServer.Version})\"");
            await ended.Task;
            return 0;
        }
        catch (IOException)
        {
            await error.WriteLineAsync($"Error: listen tcp {Host().Authority}: bind: address already in use");
            return 1;
        }

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            ended.TrySetResult();
        }
    }

    private async Task<int> VersionAsync()
    {
        using var http = Client();
        try
        {
            var version = JsonNode.Parse(await http.GetStringAsync("/api/version"))!["version"]!.GetValue<string>();
            return Say($"ollama version is {version}");
        }
        catch (HttpRequestException)
        {
            return Say($"Warning: could not connect to a running Ollama instance\nWarning: client version is {OllamaServer.Version}");
        }
    }

    private async Task<int> ListAsync()
    {
        using var http = Client();
        var models = JsonNode.Parse(await http.GetStringAsync("/api/tags"))!["models"]!.AsArray();
        await output.WriteLineAsync("NAME                       ID              SIZE      MODIFIED    ");
        foreach (var model in models) await output.WriteLineAsync($"{model!["name"],-26} {model["digest"]!.GetValue<string>()[..12]}    2.0 GB    2 days ago    ");
        return 0;
    }

    private async Task<int> ProcessesAsync()
    {
        using var http = Client();
        var models = JsonNode.Parse(await http.GetStringAsync("/api/ps"))!["models"]!.AsArray();
        await output.WriteLineAsync("NAME                       ID              SIZE      PROCESSOR    CONTEXT    UNTIL              ");
        foreach (var model in models) await output.WriteLineAsync($"{model!["name"],-26} {model["digest"]!.GetValue<string>()[..12]}    5.1 GB    100% GPU     {model["context_length"],-10} 4 minutes from now");
        return 0;
    }

    private async Task<int> PullAsync(string model)
    {
        using var http = Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/pull") { Content = Json(model) };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await lines.ReadLineAsync() is { } line)
        {
            var told = JsonNode.Parse(line)!;
            if (told["error"] is { } failure)
            {
                await error.WriteLineAsync($"Error: {failure.GetValue<string>()}");
                return 1;
            }

            await error.WriteLineAsync(told["status"]!.GetValue<string>());
        }

        return 0;
    }

    private async Task<int> RemoveAsync(string[] models)
    {
        foreach (var model in models)
        {
            if (await AskAsync(HttpMethod.Delete, "/api/delete", model) is null) return 1;
            await output.WriteLineAsync($"deleted '{model}'");
        }

        return 0;
    }

    /// <summary>The answer; null after an error was printed.</summary>
    private async Task<JsonNode?> AskAsync(HttpMethod method, string path, string model, params (string Name, JsonNode Value)[] more)
    {
        using var http = Client();
        using var request = new HttpRequestMessage(method, path) { Content = Json(model, more) };
        using var response = await http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        if (response.IsSuccessStatusCode) return body.Length == 0 ? new JsonObject() : JsonNode.Parse(body);
        await error.WriteLineAsync($"Error: {JsonNode.Parse(body)!["error"]}");
        return null;
    }

    private static StringContent Json(string model, params (string Name, JsonNode Value)[] more)
    {
        var body = new JsonObject { ["model"] = model };
        foreach (var (name, value) in more) body[name] = value;
        return new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
    }

    private HttpClient Client() => new() { BaseAddress = Host(), Timeout = TimeSpan.FromMinutes(1) };

    /// <summary><c>OLLAMA_HOST</c> as Ollama reads it: without a port it is 11434, and every interface is asked on this machine.</summary>
    private Uri Host()
    {
        var text = (environment("OLLAMA_HOST") ?? "").Trim().Trim('"', '\'');
        if (text.Length == 0) return new Uri($"http://127.0.0.1:{UsualPort}");
        if (!text.Contains("://", StringComparison.Ordinal)) text = "http://" + (text.Contains(':', StringComparison.Ordinal) ? text : $"{text}:{UsualPort}");
        var given = new Uri(text);
        return given.Host is "0.0.0.0" ? new UriBuilder(given) { Host = IPAddress.Loopback.ToString() }.Uri : given;
    }

    private string[]? Names(string variable) =>
        environment(variable) is { Length: > 0 } list ? list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : null;

    private int Say(string text)
    {
        output.WriteLine(text);
        return 0;
    }

    private int Usage(int code, string? complaint = null)
    {
        if (complaint is not null) error.WriteLine(complaint);
        (code == 0 ? output : error).WriteLine("Usage:\n  ollama [flags]\n  ollama [command]\n\nAvailable Commands:\n  serve  show  run  stop  pull  list  ps  rm");
        return code;
    }
}
