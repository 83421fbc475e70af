using LmStudio.Simulator.Lms;

namespace LmStudio.Simulator.Tests.Lms;

/// <summary>What one call of the stand-in printed, and its exit code.</summary>
internal sealed record LmsRun(string Output, string Error, int ExitCode)
{
    public static async Task<LmsRun> OfAsync(string home, CancellationToken cancellationToken, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var environment = new Dictionary<string, string> { ["HOME"] = home, ["USER"] = "tester" };
        var code = await LmsProgram.RunAsync(new LmsInvocation { Arguments = arguments, Output = output, Error = error, Environment = environment }, cancellationToken);
        return new LmsRun(output.ToString(), error.ToString(), code);
    }
}

/// <summary>A user's home folder for one test, with LM Studio's own folder in it when a simulator is to be found.</summary>
internal sealed class UserHome : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("lms-home-").FullName;

    public string LmStudio => System.IO.Path.Combine(Path, ".lmstudio");

    public UserHome Finding(int port, string modelsFolder)
    {
        new LmStudioHome(LmStudio).Write(port, modelsFolder);
        return this;
    }

    public string File(string name, string content = "content")
    {
        var path = System.IO.Path.Combine(Path, name);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
