using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>Turns the result of a call into a value, or says that it is none.</summary>
internal static class Results
{
    public static IReadOnlyList<T> List<T>(JsonElement? result, Func<JsonElement, T?> read) where T : class =>
        result is { ValueKind: JsonValueKind.Array } list
            ? [.. list.EnumerateArray().Select(read).OfType<T>()]
            : throw Nonsense("a list was expected");

    public static T Require<T>(JsonElement? result, Func<JsonElement, T?> read) where T : class =>
        result is { } value && read(value) is { } found ? found : throw Nonsense($"{typeof(T).Name} was expected");

    public static string Text(JsonElement? result, string name) => result?.Text(name) ?? throw Nonsense($"the text '{name}' was expected");

    public static int Integer(JsonElement? result, string name) => result?.Int32(name) ?? throw Nonsense($"the number '{name}' was expected");

    public static IReadOnlyList<int> Integers(JsonElement? result, string name) => [.. Numbers(result, name).Select(number => (int)number)];

    public static IReadOnlyList<double> Numbers(JsonElement? result, string name) =>
        result?.Member(name) is { ValueKind: JsonValueKind.Array } list
            ? [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number ? item.GetDouble() : throw Nonsense($"'{name}' is a list of numbers"))]
            : throw Nonsense($"the list '{name}' was expected");

    public static LmStudioProtocolException Nonsense(string what) => new($"LM Studio's answer does not fit the protocol: {what}.");
}
