using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LmStudio.Client.Cli;

/// <summary>Reads what <c>lms</c> prints. Pure.</summary>
internal static partial class LmsOutput
{
    private const int MatchMilliseconds = 1000;
    private const int KeepCharacters = 4096;

    /// <summary>The JSON on standard output: one line of it, whatever else was printed around.</summary>
    public static JsonElement Json(LmsRun run)
    {
        foreach (var line in run.Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Reverse())
        {
            if (line[0] is not ('{' or '[')) continue;
            try
            {
                return JsonElement.Parse(line);
            }
            catch (JsonException)
            {
                // Not the line that was meant.
            }
        }

        throw run.ExitCode == 0
            ? new LmsException(LmsFailure.UnexpectedOutput, "lms printed no JSON where it should have.", run.ExitCode)
            : Failure(run);
    }

    /// <summary>The exception for a run that failed, with lms's own words.</summary>
    public static LmsException Failure(LmsRun run, LmsFailure failure = LmsFailure.Failed) =>
        new(failure, ErrorText(run.Errors) ?? $"lms ended with exit code {run.ExitCode.ToString(CultureInfo.InvariantCulture)}.", run.ExitCode);

    /// <summary>The message in standard error: the line marked as error, the text inside a box, or the last line.</summary>
    public static string? ErrorText(string errors)
    {
        var lines = StripEscapes(errors).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith("W ", StringComparison.Ordinal)).ToList();
        if (lines.Find(line => line.StartsWith("Error: ", StringComparison.OrdinalIgnoreCase)) is { } marked) return marked["Error: ".Length..].Trim();
        var boxed = lines.Where(line => line[0] == '│').Select(line => line.Trim('│', ' ')).Where(line => line.Length > 0).Take(2).ToList();
        return boxed.Count > 0 ? string.Join(". ", boxed) : lines.LastOrDefault();
    }

    /// <summary>The last download progress in the text.</summary>
    public static bool TryDownloadProgress(string text, out LmsDownloadProgress progress)
    {
        var match = DownloadPattern().Matches(StripEscapes(text)).LastOrDefault();
        progress = match is null
            ? new LmsDownloadProgress(0, 0, 0, 0)
            : new LmsDownloadProgress(
                double.Parse(match.Groups["percent"].Value, CultureInfo.InvariantCulture),
                Bytes(match.Groups["done"].Value), Bytes(match.Groups["total"].Value), Bytes(match.Groups["speed"].Value));
        return match is not null;
    }

    /// <summary>The last load progress in the text, 0 to 1.</summary>
    public static bool TryLoadProgress(string text, out double progress)
    {
        var match = LoadPattern().Matches(text).LastOrDefault();
        progress = match is null ? 0 : int.Parse(match.Groups["percent"].Value, CultureInfo.InvariantCulture) / 100.0;
        return match is not null;
    }

    /// <summary>The identifier that a load names at its end.</summary>
    public static string? LoadedIdentifier(string errors) =>
        IdentifierPattern().Match(errors) is { Success: true } match ? match.Groups["id"].Value : null;

    /// <summary>The port that <c>server start</c> names at its end.</summary>
    public static int? StartedPort(string errors) =>
        PortPattern().Match(errors) is { Success: true } match ? int.Parse(match.Groups["port"].Value, CultureInfo.InvariantCulture) : null;

    /// <summary>The path that an import names at its end.</summary>
    public static string? ImportedPath(string errors) =>
        ImportPattern().Match(errors) is { Success: true } match ? match.Groups["path"].Value.Trim() : null;

    /// <summary>Whether <c>get</c> found everything in place.</summary>
    public static bool SaysAlreadyDownloaded(LmsRun run) =>
        run.Errors.Contains("already downloaded", StringComparison.OrdinalIgnoreCase) && !run.Errors.Contains("Download completed", StringComparison.Ordinal);

    /// <summary>Reports each new state in the output, however the output was cut into pieces.</summary>
    public static Action<string>? Reporter<T>(TryRead<T> read, IProgress<T>? progress)
    {
        if (progress is null) return null;
        var tail = "";
        (bool Any, T? Value) last = default;
        return piece =>
        {
            var text = tail + piece;
            tail = text.Length <= KeepCharacters ? text : text[^KeepCharacters..];
            if (!read(text, out var value) || (last.Any && EqualityComparer<T>.Default.Equals(value, last.Value))) return;
            last = (true, value);
            progress.Report(value);
        };
    }

    /// <summary>Reads a state out of a text.</summary>
    public delegate bool TryRead<T>(string text, out T value);

    public static string StripEscapes(string text) => EscapePattern().Replace(text, "");

    /// <summary>Sizes are decimal: GB is 1e9.</summary>
    private static long Bytes(string size)
    {
        var parts = size.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var factor = parts[1][0] switch { 'K' => 1e3, 'M' => 1e6, 'G' => 1e9, 'T' => 1e12, _ => 1 };
        return (long)(double.Parse(parts[0], CultureInfo.InvariantCulture) * factor);
    }

    [GeneratedRegex("\u001b\\[[0-9;?]*[A-Za-z]", RegexOptions.None, MatchMilliseconds)]
    private static partial Regex EscapePattern();

    [GeneratedRegex(@"(?<percent>\d+\.\d+)% \| *(?<done>[\d.]+ [KMGT]?B) */ *(?<total>[\d.]+ [KMGT]?B) \| *(?<speed>[\d.]+ [KMGT]?B)/s", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex DownloadPattern();

    [GeneratedRegex(@"Loading [^\r\n]*? (?<percent>\d{1,3})%", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex LoadPattern();

    [GeneratedRegex("use the identifier \"(?<id>[^\"]+)\"", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex IdentifierPattern();

    [GeneratedRegex(@"running on port (?<port>\d{1,5})", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex PortPattern();

    [GeneratedRegex(@"(copied to|created at|copy the file to|link at|link to) (?<path>[^\r\n]+)", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex ImportPattern();
}
