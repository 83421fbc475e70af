using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LmGateway.Backends.Mock;

/// <summary>YAML as JSON, by YAML's core schema: a plain scalar may be null, a flag or a number; a quoted one is text.</summary>
internal static partial class YamlJson
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(YamlNode node)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, Readable)) Write(writer, node);
        return Encoding.UTF8.GetString(json.GetBuffer(), 0, (int)json.Length);
    }

    private static void Write(Utf8JsonWriter writer, YamlNode node)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                writer.WriteStartObject();
                foreach (var (key, value) in mapping.Children)
                {
                    writer.WritePropertyName(key.ToString());
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case YamlSequenceNode sequence:
                writer.WriteStartArray();
                foreach (var item in sequence.Children) Write(writer, item);
                writer.WriteEndArray();
                break;
            case YamlScalarNode { Style: ScalarStyle.Plain } plain:
                WritePlain(writer, plain.Value ?? "");
                break;
            default:
                writer.WriteStringValue(((YamlScalarNode)node).Value);
                break;
        }
    }

    private static void WritePlain(Utf8JsonWriter writer, string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL": writer.WriteNullValue(); break;
            case "true" or "True" or "TRUE": writer.WriteBooleanValue(true); break;
            case "false" or "False" or "FALSE": writer.WriteBooleanValue(false); break;
            default:
                if (Number().IsMatch(text)) writer.WriteRawValue(text);
                else writer.WriteStringValue(text);
                break;
        }
    }

    /// <summary>What is a number in YAML and in JSON alike.</summary>
    [GeneratedRegex(@"^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Number();
}
