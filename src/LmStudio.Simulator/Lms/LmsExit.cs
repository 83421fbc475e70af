namespace LmStudio.Simulator.Lms;

/// <summary>Ends a command with exit code 1 after printing <paramref name="text"/> as it stands; null prints nothing more.</summary>
internal sealed class LmsExit(string? text) : Exception(text)
{
    public string? Text { get; } = text;

    /// <summary>A failure of the work, in the logger's form.</summary>
    public static LmsExit Error(string message) => new("Error: " + message);

    /// <summary>A mistake in the command line, in the argument parser's form.</summary>
    public static LmsExit Usage(string message) => new("error: " + message);
}
