namespace LmGateway.Tests.Functional.Transfers;

/// <summary>The simulator's stand-in for <c>lms</c> as a program of its own.</summary>
internal sealed class SimulatedLms : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("lmgateway-lms-");

    public SimulatedLms()
    {
        Path = System.IO.Path.Combine(folder.FullName, "lms");
        var program = System.IO.Path.Combine(AppContext.BaseDirectory, "lmgateway.dll");
        File.WriteAllText(Path, $"#!/bin/sh\necho \"$@\" >> '{Path}.calls'\nHOME='{folder.FullName}' exec dotnet '{program}' simulate lms \"$@\"\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Path { get; }

    /// <summary>The arguments of every run so far.</summary>
    public IReadOnlyList<string> Calls => File.Exists(Path + ".calls") ? File.ReadAllLines(Path + ".calls") : [];

    public void Dispose() => folder.Delete(recursive: true);
}
