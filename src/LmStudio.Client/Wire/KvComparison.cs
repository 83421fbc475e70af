using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>Whether two configuration values mean the same.</summary>
internal static class KvComparison
{
    /// <summary>What single precision loses on the way through the engine.</summary>
    private const double Tolerance = 1e-5;

    /// <summary>
    /// Numbers are equal when single precision cannot tell them apart, <c>max</c> and <c>off</c> are 1 and 0, and the value beside
    /// a switch counts only when the switch is on.
    /// </summary>
    public static bool Same(JsonElement requested, JsonElement effective)
    {
        if (Share(requested) is { } left && Share(effective) is { } right)
            return Math.Abs(left - right) <= Tolerance * Math.Max(1, Math.Max(Math.Abs(left), Math.Abs(right)));
        return (requested.ValueKind, effective.ValueKind) switch
        {
            (JsonValueKind.Object, JsonValueKind.Object) => SameObjects(requested, effective),
            (JsonValueKind.Array, JsonValueKind.Array) => requested.GetArrayLength() == effective.GetArrayLength()
                && requested.EnumerateArray().Zip(effective.EnumerateArray()).All(pair => Same(pair.First, pair.Second)),
            _ => JsonElement.DeepEquals(requested, effective),
        };
    }

    private static double? Share(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.String when value.ValueEquals("max") => 1,
        JsonValueKind.String when value.ValueEquals("off") => 0,
        _ => null,
    };

    private static bool SameObjects(JsonElement requested, JsonElement effective)
    {
        if (requested.Flag("checked") is { } on && effective.Flag("checked") is { } effectivelyOn && !(on && effectivelyOn))
            return on == effectivelyOn;
        foreach (var member in requested.EnumerateObject())
            if (!effective.TryGetProperty(member.Name, out var value) || !Same(member.Value, value)) return false;
        return true;
    }
}
