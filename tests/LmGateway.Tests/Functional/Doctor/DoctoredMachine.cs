using System.Diagnostics;
using System.Text.Json;
using LmGateway.Tests.Functional.Provider;
using Xunit;

namespace LmGateway.Tests.Functional.Doctor;

/// <summary>A machine to examine: an empty home, a free port for LM Studio and one for the service, and no NATS unless it is asked for.</summary>
internal sealed class DoctoredMachine : IDisposable
{
    private readonly Dictionary<string, string> environment = [];

    public DoctoredMachine()
    {
        Set("LMSTUDIO_BASE_URL", $"http://127.0.0.1:{LmStudioPort}");
        Set("PORT", $"{ServicePort}");
        Set("NATS_URL", "");
    }

    public string Home { get; } = Directory.CreateTempSubdirectory("lmgateway-doctor-").FullName;

    public int LmStudioPort { get; } = FreePort.Next();

    public int ServicePort { get; } = FreePort.Next();

    public void Set(string name, string value) => environment[name] = value;

    /// <summary>Puts LM Studio's own folder there, as an installation leaves it, and with it the port that its server used last.</summary>
    public void InstallLmStudio(int? lastPort = null, int? controlPort = null)
    {
        var own = Directory.CreateDirectory(Path.Combine(Home, ".lmstudio", ".internal")).FullName;
        if (lastPort is { } port) File.WriteAllText(Path.Combine(own, "http-server-config.json"), $$"""{"port":{{port}},"networkInterface":"127.0.0.1"}""");
        if (controlPort is { } control) File.WriteAllText(Path.Combine(own, "http-server.json"), $$"""{"host":"127.0.0.1","port":{{control}}}""");
    }

    public async Task<Examination> ExamineAsync(params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(["doctor", "--json", .. arguments]);
        Assert.True(output.StartsWith('{'), errors);
        return new Examination(code, JsonElement.Parse(output), errors);
    }

    public async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>The real program with pipes; its input stays open until it is closed.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(ProgramUnderTest.Executable, arguments) { UseShellExecute = false, WorkingDirectory = Home, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        foreach (var (name, value) in environment) start.Environment[name] = value;
        start.Environment["PATH"] = environment.GetValueOrDefault("PATH") ?? "/usr/bin:/bin";
        start.Environment["HOME"] = Home;
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath);
        return Process.Start(start)!;
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);
}

/// <summary>What the doctor said.</summary>
internal sealed record Examination(int Code, JsonElement Report, string Errors)
{
    public JsonElement Checks => Report.GetProperty("checks");

    public IEnumerable<string?> Codes => Checks.EnumerateArray().Select(check => check.GetProperty("code").GetString());

    /// <summary>The one finding with the code.</summary>
    public (string Level, string Message, string? Fix) Finding(string code)
    {
        var found = Checks.EnumerateArray().Where(check => check.GetProperty("code").GetString() == code).ToList();
        Assert.True(found.Count == 1, $"{code}: {Checks.GetRawText()}");
        return (found[0].GetProperty("level").GetString()!, found[0].GetProperty("message").GetString()!, found[0].GetProperty("fix").GetString());
    }
}
