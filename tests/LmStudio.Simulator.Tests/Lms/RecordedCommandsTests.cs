using System.Text.RegularExpressions;
using Xunit;

namespace LmStudio.Simulator.Tests.Lms;

/// <summary>Every recorded call of the real program prints the same and exits with the same code here, but for what was made up.</summary>
public sealed partial class RecordedCommandsTests(RecordedCommands commands) : IClassFixture<RecordedCommands>
{
    private const string DevelopmentBuild = "W You are using a development build of lms-cli. Privileged features such as \"lms push\" will not work.\n";

    private const int Patience = 10_000;

    private static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "fixtures", "lms-cli");

    /// <summary>What was made up for the recording, and what the simulator has in its place.</summary>
    private static readonly Dictionary<string, (string Recorded, string Here)[]> MadeUp = new()
    {
        ["17-ls-json"] = [("nomic-embed-text-v1.5.Q4_K_M", "nomic-embed-text-v1.5-Q4_K_M")],
        ["30-ps-json"] = [("nomic-embed-text-v1.5.Q4_K_M", "nomic-embed-text-v1.5-Q4_K_M")],
        ["31-ps"] = [("84.11 MB    4096", "84.11 MB    2048")],
        ["39-get-artifact"] = [("qwen/qwen3-4b", "openai/gpt-oss-20b")],
        ["41-get-noyes-notty"] = [("Qwen3 4B Q4_K_M", "Qwen3 4B Q8_0")],
    };

    public static TheoryData<string> Recordings() => Names("*.stdout");

    public static TheoryData<string> RecordingsWithExitCode() => Names("*.rc");

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Standard_output_is_as_recorded(string name) => Assert.Equal(Recorded(name, "stdout"), Plain(commands[name].Output));

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Standard_error_is_as_recorded(string name) => Assert.Equal(Recorded(name, "stderr").Replace(DevelopmentBuild, "", StringComparison.Ordinal), Plain(commands[name].Error));

    [Theory]
    [MemberData(nameof(RecordingsWithExitCode))]
    public void The_exit_code_is_as_recorded(string name) => Assert.Equal(File.ReadAllText(Path.Combine(Folder, name + ".rc")).Trim(), $"{commands[name].ExitCode}");

    private static TheoryData<string> Names(string pattern) =>
        [.. Directory.EnumerateFiles(Folder, pattern).Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)];

    private string Recorded(string name, string stream)
    {
        var text = File.ReadAllText(Path.Combine(Folder, $"{name}.{stream}"));
        foreach (var (recorded, here) in commands.Stand) text = text.Replace(recorded, here, StringComparison.Ordinal);
        foreach (var (recorded, here) in MadeUp.GetValueOrDefault(name, [])) text = text.Replace(recorded, here, StringComparison.Ordinal);
        return Plain(text);
    }

    /// <summary>The text without times, sizes of downloads, spinner positions and the number of redrawings.</summary>
    private static string Plain(string text)
    {
        text = Loading().Replace(text, "LOADING ${key} TO ${share}%");
        text = Bar().Replace(text, "BAR");
        text = Spinner().Replace(text, "⠋");
        text = DownloadSize().Replace(text, "${before}SIZE");
        text = Duration().Replace(text, "TIME");
        text = Timestamp().Replace(text, "\"timestamp\":0");
        return Version().Replace(text, "\"version\":\"COMMIT\"");
    }

    [GeneratedRegex(@"(?:\e\[\?25l\rLoading (?<key>\S+) (?<share>\d+)% [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏])+", RegexOptions.None, Patience)]
    private static partial Regex Loading();

    [GeneratedRegex(@"(?:\e\[\?25l\e\[s(?:\e\[2K)?\r⠋ \[[█▌ ]{22}\] \d+\.\d\d% \| [ \d.]{4,7} [KMGT]?B / [\d.]+ [KMGT]?B \| [\d.]+ [KMGT]?B/s \| ETA [\w:]+ {10}\e\[u)+", RegexOptions.None, Patience)]
    private static partial Regex Bar();

    [GeneratedRegex("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", RegexOptions.None, Patience)]
    private static partial Regex Spinner();

    [GeneratedRegex(@"(?<before>(?:Downloading|About to download|\S -) )[\d.]+ [KMGT]?B(?=\.|\e)", RegexOptions.None, Patience)]
    private static partial Regex DownloadSize();

    [GeneratedRegex(@"\d+\.\d\dms|\d+\.\d\ds", RegexOptions.None, Patience)]
    private static partial Regex Duration();

    [GeneratedRegex(@"""timestamp"":\d+", RegexOptions.None, Patience)]
    private static partial Regex Timestamp();

    [GeneratedRegex(@"""version"":""(?:<LMS-CLI-COMMIT-HASH>|[0-9a-f]{40})""", RegexOptions.None, Patience)]
    private static partial Regex Version();
}
