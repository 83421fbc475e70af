using System.Globalization;

namespace LmGateway.Tests.Backends.Ollama;

/// <summary>
/// A folder with a program <c>ollama</c> in it, a real process behind it. Put <see cref="Folder"/> on a PATH, or name <see cref="Program"/>;
/// its servers are ended with it.
/// </summary>
internal sealed class OllamaOnPath : IDisposable
{
    private readonly string pids;

    /// <param name="environment">What the program finds in its environment: <c>OLLAMA_STANDIN_…</c>.</param>
    public OllamaOnPath(params (string Name, string Value)[] environment)
    {
        Folder = Directory.CreateTempSubdirectory("ollama-path-").FullName;
        Program = Path.Combine(Folder, "ollama");
        pids = Path.Combine(Folder, "pids");
        var exports = string.Concat(environment.Select(variable => $"export {variable.Name}='{variable.Value}'\n"));
        File.WriteAllText(Program, $"#!/bin/sh\necho $$ >>'{pids}'\n{exports}exec '{Dotnet}' '{Path.Combine(AppContext.BaseDirectory, "Ollama.StandIn.dll")}' \"$@\"\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Folder { get; }

    public string Program { get; }

    /// <summary>The runtime that runs this test, so that an emptied PATH does not matter.</summary>
    private static string Dotnet => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    public void Dispose()
    {
        foreach (var line in File.Exists(pids) ? File.ReadAllLines(pids) : [])
        {
            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(int.Parse(line, CultureInfo.InvariantCulture));
                process.Kill();
                process.WaitForExit(30_000);
            }
            catch (ArgumentException)
            {
                // It has ended by itself.
            }
        }

        Directory.Delete(Folder, recursive: true);
    }
}
