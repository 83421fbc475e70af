using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>LM Studio's version and build number.</summary>
public sealed record LmStudioVersion(string Version, int? Build)
{
    internal static LmStudioVersion? TryRead(JsonElement json) =>
        json.Text("version") is { } version ? new LmStudioVersion(version, json.Int32("build")) : null;
}

/// <summary>The process that answers; a daemon is the headless one.</summary>
public sealed record LmStudioProcess(int? Pid, bool? IsDaemon, string? Version)
{
    internal static LmStudioProcess? TryRead(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object ? new LmStudioProcess(json.Int32("pid"), json.Flag("isDaemon"), json.Text("version")) : null;
}

/// <summary>How to start the HTTP server; what is null is LM Studio's choice.</summary>
public sealed record HttpServerSettings
{
    /// <summary>Port.</summary>
    public int? Port { get; init; }

    /// <summary>Whether browsers of other origins may call it.</summary>
    public bool? Cors { get; init; }

    /// <summary>Address to bind, such as <c>127.0.0.1</c> or <c>0.0.0.0</c>.</summary>
    public string? NetworkInterface { get; init; }
}
