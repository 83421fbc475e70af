using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace LmGateway.Cli.Output;

/// <summary>
/// How a command speaks: tables and bars to people at a terminal, plain and stable text into a pipe, and with <c>--json</c> one JSON document
/// on standard output with nothing on standard error, unless it fails.
/// </summary>
internal sealed class CommandOutput(CommandSurroundings surroundings, bool json)
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A program reads the output.</summary>
    public bool Json => json;

    /// <summary>People read standard output on a terminal.</summary>
    public bool IsTerminal => !json && surroundings.OutIsTerminal;

    /// <summary>People see standard error on a terminal, where progress is shown.</summary>
    public bool ShowsProgress => !json && surroundings.ErrorIsTerminal;

    /// <summary>Draws on standard output.</summary>
    public IAnsiConsole Screen { get => field ??= Terminal.Open(surroundings); private set; }

    /// <summary>Draws on standard error.</summary>
    public IAnsiConsole Side { get => field ??= Terminal.Open(surroundings, error: true); private set; }

    /// <summary>A line of the result, for people.</summary>
    public void Line(string text) => surroundings.Out.WriteLine(text);

    /// <summary>Several lines, all there at once for whoever reads them from a pipe.</summary>
    public void Lines(Action<TextWriter> write)
    {
        write(surroundings.Out);
        surroundings.Out.Flush();
    }

    /// <summary>A line beside the result, on standard error; programs are not told.</summary>
    public void Note(string text)
    {
        if (!json) surroundings.Error.WriteLine(text);
    }

    public void Table(TextTable table)
    {
        if (IsTerminal) Screen.Write(table.ToSpectre(surroundings.Width()));
        else table.WritePlain(surroundings.Out);
    }

    /// <summary>The one document of the command: the members of an object.</summary>
    public void Document(Action<Utf8JsonWriter> writeMembers) => surroundings.Out.WriteLine(Object(writeMembers, Indented));

    /// <summary>One of the lines of a command that goes on and on.</summary>
    public void DocumentLine(Action<Utf8JsonWriter> writeMembers)
    {
        surroundings.Out.WriteLine(Object(writeMembers, OneLine));
        surroundings.Out.Flush();
    }

    /// <summary>Tells a failure, and returns its exit code. Programs get it as the document, and people see it all the same.</summary>
    /// <param name="failure">What is wrong.</param>
    /// <param name="writeMore">What the document has besides; nothing if left out.</param>
    public int Fail(CommandFailure failure, Action<Utf8JsonWriter>? writeMore = null)
    {
        if (json)
        {
            Document(writer =>
            {
                Write(writer, failure);
                writeMore?.Invoke(writer);
            });
        }

        surroundings.Error.WriteLine($"lmgateway: {failure.Message}");
        foreach (var detail in failure.Details) surroundings.Error.WriteLine($"  {detail}");
        if (failure.Next is { } next) surroundings.Error.WriteLine(next);
        return failure.ExitCode;
    }

    /// <summary>An object as text, on one line unless told otherwise.</summary>
    public static string Object(Action<Utf8JsonWriter> writeMembers, JsonWriterOptions? options = null)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, options ?? OneLine))
        {
            writer.WriteStartObject();
            writeMembers(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void Write(Utf8JsonWriter writer, CommandFailure failure)
    {
        writer.WriteStartObject("error");
        writer.WriteString("code", failure.Code);
        writer.WriteString("message", failure.Message);
        if (failure.Details.Count > 0)
        {
            writer.WriteStartArray("details");
            foreach (var detail in failure.Details) writer.WriteStringValue(detail);
            writer.WriteEndArray();
        }

        writer.WriteString("next", failure.Next);
        writer.WriteEndObject();
    }
}
