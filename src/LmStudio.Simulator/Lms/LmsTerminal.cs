namespace LmStudio.Simulator.Lms;

/// <summary>
/// The two streams of <c>lms</c>. Messages, warnings and errors go to standard error (with <c>--quiet</c> nowhere); results, spinners and
/// progress bars to standard output. There is no terminal: no colours, and nobody to answer a prompt.
/// </summary>
internal sealed class LmsTerminal(TextWriter output, TextWriter error, bool quiet)
{
    private const string Spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

    private int _frame;

    /// <summary>The next frame of the spinner.</summary>
    public char Spin() => Spinner[_frame++ % Spinner.Length];

    public void Write(string text) => output.Write(text);

    public void WriteLine(string text) => output.Write(text + "\n");

    public void Info(string text)
    {
        if (!quiet) error.Write(text + "\n");
    }

    public void Warn(string text) => Info("W " + text);

    /// <summary>A prompt's bytes: they ignore <c>--quiet</c>.</summary>
    public void Prompt(string text) => error.Write(text);
}
