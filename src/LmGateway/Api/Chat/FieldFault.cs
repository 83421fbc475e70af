using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LmGateway.Api.Chat;

/// <summary>One fault of a body, in the words and types that FastAPI (pydantic 2) has for it.</summary>
internal sealed record FieldFault(string Type, FieldPath Path, string Message)
{
    /// <summary>Longer values are not sent back.</summary>
    private const int LongestInput = 1024;

    /// <summary>What was sent; for a missing field, the object that lacks it.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>The figures of the message, by name.</summary>
    public JsonObject? Context { get; init; }

    public static FieldFault NoBody() => Missing(FieldPath.Body, JsonElement.Parse("null"));

    public static FieldFault Missing(FieldPath path, JsonElement parent) => new("missing", path, "Field required") { Input = parent };

    /// <summary>A value of the wrong kind, or a text that does not hold one of the right kind.</summary>
    public static FieldFault Wrong(string type, FieldPath path, JsonElement input) => new(type, path, MessageOf(type)) { Input = input };

    public static FieldFault BelowMinimum(FieldPath path, JsonElement input, double minimum) =>
        new("greater_than_equal", path, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Input should be greater than or equal to {minimum}")) { Input = input, Context = new JsonObject { ["ge"] = minimum } };

    public static FieldFault AboveMaximum(FieldPath path, JsonElement input, double maximum) =>
        new("less_than_equal", path, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Input should be less than or equal to {maximum}")) { Input = input, Context = new JsonObject { ["le"] = maximum } };

    /// <param name="expected"><c>'system', 'user' or 'assistant'</c></param>
    public static FieldFault NotOneOf(FieldPath path, JsonElement input, string expected) =>
        new("literal_error", path, $"Input should be {expected}") { Input = input, Context = new JsonObject { ["expected"] = expected } };

    public static FieldFault EmptyList(FieldPath path, JsonElement input) =>
        new("too_short", path, "List should have at least 1 item after validation, not 0")
        {
            Input = input,
            Context = new JsonObject { ["field_type"] = "List", ["min_length"] = 1, ["actual_length"] = 0 },
        };

    public static FieldFault EmptyText(FieldPath path, JsonElement input) =>
        new("string_too_short", path, "String should have at least 1 character") { Input = input, Context = new JsonObject { ["min_length"] = 1 } };

    public static FieldFault LongText(FieldPath path, JsonElement input, int most) =>
        new("string_too_long", path, $"String should have at most {most} characters") { Input = input, Context = new JsonObject { ["max_length"] = most } };

    /// <summary>FastAPI gives an empty object for the input where there is no JSON, and null where there is nothing.</summary>
    public static FieldFault NotJson(int position, string problem) =>
        new("json_invalid", FieldPath.Body.At(position), "JSON decode error") { Input = JsonElement.Parse("{}"), Context = new JsonObject { ["error"] = problem } };

    /// <summary>A value of the right kind that cannot be used, for a reason of the gateway's own.</summary>
    public static FieldFault Unusable(FieldPath path, string problem) =>
        new("value_error", path, $"Value error, {problem}") { Context = new JsonObject { ["error"] = new JsonObject() } };

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type", Type);
        writer.WritePropertyName("loc");
        Path.WriteTo(writer);
        writer.WriteString("msg", Message);
        WriteInput(writer);
        if (Context is not null)
        {
            writer.WritePropertyName("ctx");
            Context.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    /// <summary>As it was sent, byte for byte.</summary>
    private void WriteInput(Utf8JsonWriter writer)
    {
        if (Input is not { } input) return;
        var raw = JsonMarshal.GetRawUtf8Value(input);
        if (raw.Length > LongestInput) return;
        writer.WritePropertyName("input");
        writer.WriteRawValue(raw, skipInputValidation: true);
    }

    private static string MessageOf(string type) => type switch
    {
        "string_type" => "Input should be a valid string",
        "string_unicode" => "Input should be a valid string, unable to parse raw data as a unicode string",
        "int_type" => "Input should be a valid integer",
        "int_parsing" => "Input should be a valid integer, unable to parse string as an integer",
        "int_parsing_size" => "Unable to parse input string as an integer, exceeded maximum size",
        "int_from_float" => "Input should be a valid integer, got a number with a fractional part",
        "float_type" => "Input should be a valid number",
        "float_parsing" => "Input should be a valid number, unable to parse string as a number",
        "bool_type" => "Input should be a valid boolean",
        "bool_parsing" => "Input should be a valid boolean, unable to interpret input",
        "list_type" => "Input should be a valid list",
        "model_attributes_type" => "Input should be a valid dictionary or object to extract fields from",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No message is known for this type of fault."),
    };
}
