using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>The parameters that a request gives, at the top level or else inside <c>extensions</c>.</summary>
internal sealed class GivenParameters
{
    private readonly RequestPeek peek;
    private readonly List<(RequestField Field, string Name, JsonElement Value)> nested = [];

    private GivenParameters(RequestPeek peek) => this.peek = peek;

    /// <summary>Names of the sampling parameters beyond OpenAI's, each once. What only <c>extensions</c> holds and nobody knows is one of them.</summary>
    public IEnumerable<string> Extensions => ExtensionParameters.All
        .Where(parameter => Value(parameter.Field) is not null)
        .Select(parameter => RequestFields.Name(parameter.Field))
        .Concat(nested.Where(given => given.Field == RequestField.None).Select(given => given.Name))
        .Distinct();

    public static GivenParameters Of(RequestPeek peek)
    {
        var given = new GivenParameters(peek);
        if (peek.Find(RequestField.Extensions) is not { Kind: JsonTokenType.StartObject } extensions) return given;
        var reader = peek.Reader(extensions);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = Spelled(RequestFields.Read(ref reader));
            var name = JsonText.Read(ref reader) ?? "";
            reader.Read();
            given.nested.Add((field, name, JsonElement.ParseValue(ref reader)));
        }

        return given;
    }

    /// <summary>The field that a misspelt one stands for.</summary>
    public static RequestField Spelled(RequestField field) => field == RequestField.MicrostatMode ? RequestField.MirostatMode : field;

    /// <summary>The value that counts; null where there is none, or JSON's null.</summary>
    public JsonElement? Value(RequestField field)
    {
        if (AtTop(field) is { } value) return value;
        if (field == RequestField.MirostatMode && AtTop(RequestField.MicrostatMode) is { } misspelt) return misspelt;
        foreach (var given in nested)
            if (given.Field == field && given.Value.ValueKind != JsonValueKind.Null) return given.Value;
        return null;
    }

    private JsonElement? AtTop(RequestField field)
    {
        if (peek.Find(field) is not { Kind: not JsonTokenType.Null } member) return null;
        var reader = peek.Reader(member);
        return JsonElement.ParseValue(ref reader);
    }
}
