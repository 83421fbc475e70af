using System.Text.Json;
using LmGateway.Backends;

namespace LmGateway.Serving.Dialects;

/// <summary>An empty <c>tools</c> is none at all, and a choice of one tool is <c>required</c> over a list of that one.</summary>
internal static class ToolMends
{
    public static void Apply(RequestPeek peek, RequestPlan plan, DialectDefects defects)
    {
        if (peek.Find(RequestField.Tools) is { Kind: JsonTokenType.StartArray, Empty: true })
        {
            plan.Remove(RequestField.Tools);
            plan.Remove(RequestField.ToolChoice);
        }
        else if (defects.HasFlag(DialectDefects.RefusesToolChoiceObject) && peek.Find(RequestField.ToolChoice) is { Kind: JsonTokenType.StartObject } choice)
        {
            Narrow(peek, plan, choice);
        }
    }

    /// <summary>The same in Anthropic's dialect, whose choice is always an object: one that names a tool is <c>any</c> over a list of that one.</summary>
    public static void ApplyToMessages(RequestPeek peek, RequestPlan plan, DialectDefects defects)
    {
        if (!defects.HasFlag(DialectDefects.RefusesToolChoiceObject) || peek.Find(RequestField.ToolChoice) is not { Kind: JsonTokenType.StartObject } choice) return;
        var reader = peek.Reader(choice);
        var (type, name) = ReadNamed(ref reader);
        if (type != "tool") return;
        KeepOnly(peek, plan, name ?? throw RequestPeek.Invalid("'tool_choice' of the type 'tool' needs a 'name'.", RequestField.ToolChoice));
        plan.Set(RequestField.ToolChoice, AsksForOneAtATime(peek.Reader(choice)) ? """{"type":"any","disable_parallel_tool_use":true}"""u8 : """{"type":"any"}"""u8);
    }

    private static bool AsksForOneAtATime(Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isFlag = JsonText.Is(ref reader, "disable_parallel_tool_use"u8);
            reader.Read();
            if (isFlag) return reader.TokenType == JsonTokenType.True;
            reader.Skip();
        }

        return false;
    }

    private static void Narrow(RequestPeek peek, RequestPlan plan, RequestMember choice)
    {
        var reader = peek.Reader(choice);
        var (type, name) = ReadNamed(ref reader);
        if (name is null)
        {
            var plain = type switch
            {
                "none" or "auto" or "required" => type,
                "any" => "required",
                _ => throw RequestPeek.Invalid("'tool_choice' must be none, auto, required, or {\"type\":\"function\",\"function\":{\"name\":…}}.", RequestField.ToolChoice),
            };
            plan.Set(RequestField.ToolChoice, JsonText.Quote(plain));
            return;
        }

        KeepOnly(peek, plan, name);
        plan.Set(RequestField.ToolChoice, "\"required\""u8);
    }

    private static void KeepOnly(RequestPeek peek, RequestPlan plan, string name)
    {
        if (peek.Find(RequestField.Tools) is not { Kind: JsonTokenType.StartArray } tools || Place(peek, tools, name) is not var (start, end))
            throw RequestPeek.Invalid($"'tool_choice' names the tool '{name}', which is not among 'tools'.", RequestField.ToolChoice);
        plan.Single(RequestField.Tools);
        if (start > tools.ValueStart + 1) plan.Splice.Remove(tools.ValueStart + 1, start);
        if (end < tools.End - 1) plan.Splice.Remove(end, tools.End - 1);
    }

    /// <summary>Where the first tool of this name stands in the body.</summary>
    private static (long Start, long End)? Place(RequestPeek peek, RequestMember tools, string name)
    {
        var reader = peek.Reader(tools);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = tools.ValueStart + reader.TokenStartIndex;
            if (reader.TokenType == JsonTokenType.StartObject && ReadNamed(ref reader).Name == name) return (start, tools.ValueStart + reader.BytesConsumed);
            reader.Skip();
        }

        return null;
    }

    /// <summary>Reads <c>{"type","function":{"name"}}</c>, or the flat <c>{"type","name"}</c>, to its end.</summary>
    private static (string? Type, string? Name) ReadNamed(ref Utf8JsonReader reader)
    {
        string? type = null, name = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = JsonText.Is(ref reader, "type"u8);
            var isName = JsonText.Is(ref reader, "name"u8);
            var isFunction = JsonText.Is(ref reader, "function"u8);
            reader.Read();
            if (isFunction && reader.TokenType == JsonTokenType.StartObject) name = ReadNamed(ref reader).Name;
            else if (isType && reader.TokenType == JsonTokenType.String) type = JsonText.Read(ref reader);
            else if (isName && reader.TokenType == JsonTokenType.String) name = JsonText.Read(ref reader);
            else reader.Skip();
        }

        return (type, name);
    }
}
