namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms version</c>: the version is a commit hash.</summary>
internal static class VersionCommand
{
    private const string Commit = "5117a70000000000000000000000000000000000";

    public static Task RunAsync(LmsContext context, string[] arguments)
    {
        var line = CommandLine.Parse(arguments, "json");
        context.Terminal.WriteLine(line.Has("json") ? $$"""{"version":"{{Commit}}"}""" : $"CLI commit: {Commit}");
        return Task.CompletedTask;
    }
}
