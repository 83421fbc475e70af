using System.Text.Json;
using System.Text.Json.Nodes;

namespace LmStudio.Simulator.Lms;

/// <summary>LM Studio's own folder in a user's home, as far as <c>lms</c> reads it and a simulated app writes it.</summary>
public sealed class LmStudioHome(string root)
{
    private const string ServerInfoVariable = "LMS_API_SERVER_INFO_PATH";

    private string? _serverInfo;

    public string Root { get; } = root;

    /// <summary>The folder by LM Studio's rule: the pointer file's content, else the old place if it exists, else <c>.lmstudio</c>.</summary>
    public static LmStudioHome Find(IReadOnlyDictionary<string, string> environment)
    {
        var user = environment.GetValueOrDefault("HOME") ?? environment.GetValueOrDefault("USERPROFILE") ?? Directory.GetCurrentDirectory();
        var pointer = Path.Combine(user, ".lmstudio-home-pointer");
        var old = Path.Combine(user, ".cache", "lm-studio");
        var root = File.Exists(pointer) ? File.ReadAllText(pointer).Trim() : Directory.Exists(old) ? old : Path.Combine(user, ".lmstudio");
        return new LmStudioHome(root) { _serverInfo = environment.GetValueOrDefault(ServerInfoVariable) };
    }

    /// <summary>Where the app's control port is; null when no app has left it.</summary>
    public (string Host, int Port)? ServerInfo() => Address(Read(_serverInfo ?? InternalFile("http-server.json")), "host");

    /// <summary>The address of the HTTP server as last used; null when it never was.</summary>
    public (string Host, int Port)? HttpServer() => Address(Read(InternalFile("http-server-config.json")), "networkInterface");

    /// <summary>The models folder that the app's settings name; null when there are no settings.</summary>
    public string? DownloadsFolder() => Read(Path.Combine(Root, "settings.json"))?["downloadsFolder"]?.GetValue<string>();

    /// <summary>Has the user been told once that importing moves the file.</summary>
    public bool ImportWillMoveWarned => Read(InternalFile("cli-pref.json"))?["importWillMoveWarned"]?.GetValue<bool>() ?? false;

    /// <summary>Writes what a running app leaves for <c>lms</c>: its port, its HTTP server's settings, its models folder.</summary>
    public void Write(int port, string modelsFolder)
    {
        Directory.CreateDirectory(Path.Combine(Root, ".internal"));
        Write(InternalFile("http-server.json"), new JsonObject { ["host"] = "127.0.0.1", ["pid"] = Environment.ProcessId, ["port"] = port });
        Write(InternalFile("http-server-config.json"), new JsonObject { ["port"] = port, ["networkInterface"] = "127.0.0.1" });
        Write(Path.Combine(Root, "settings.json"), new JsonObject { ["downloadsFolder"] = modelsFolder });
    }

    private string InternalFile(string name) => Path.Combine(Root, ".internal", name);

    private static void Write(string file, JsonObject content) => File.WriteAllText(file, content.ToJsonString());

    private static (string Host, int Port)? Address(JsonObject? content, string hostKey)
    {
        if (content?["port"]?.GetValue<int>() is not { } port) return null;
        return (content[hostKey]?.GetValue<string>() ?? "127.0.0.1", port);
    }

    private static JsonObject? Read(string file)
    {
        try
        {
            return File.Exists(file) ? JsonNode.Parse(File.ReadAllText(file)) as JsonObject : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
