using System.Text.Json;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>Compares a reply with the one that a document prints for it, word for word.</summary>
internal static class DocumentedReply
{
    /// <summary>
    /// The same keys in the same order with the same values; numbers of these names may differ, and the reply may have these keys
    /// besides. A list may be longer than the printed one if it holds what is printed.
    /// </summary>
    public static void AssertSame(string printed, JsonElement actual, string[]? free = null, string[]? besides = null) =>
        Compare(JsonElement.Parse(printed), actual, "", (free ?? [], besides ?? []));

    private static void Compare(JsonElement printed, JsonElement actual, string at, (string[] Free, string[] Besides) allowed)
    {
        Assert.True(printed.ValueKind == actual.ValueKind, $"{at}: {actual.GetRawText()} instead of {printed.GetRawText()}");
        switch (printed.ValueKind)
        {
            case JsonValueKind.Object:
                Assert.Equal(Names(printed), Names(actual).Except(allowed.Besides));
                foreach (var member in printed.EnumerateObject()) Compare(member.Value, actual.GetProperty(member.Name), $"{at}.{member.Name}", allowed);
                break;
            case JsonValueKind.Array:
                foreach (var item in printed.EnumerateArray()) Assert.Contains(actual.EnumerateArray(), other => Fits(item, other, allowed));
                break;
            case JsonValueKind.Number when allowed.Free.Contains(at[(at.LastIndexOf('.') + 1)..]):
                break;
            default:
                Assert.True(printed.GetRawText() == actual.GetRawText(), $"{at}: {actual.GetRawText()} instead of {printed.GetRawText()}");
                break;
        }
    }

    private static bool Fits(JsonElement printed, JsonElement actual, (string[] Free, string[] Besides) allowed)
    {
        if (printed.ValueKind != JsonValueKind.Object) return printed.GetRawText() == actual.GetRawText();
        return actual.ValueKind == JsonValueKind.Object
            && Names(printed).SequenceEqual(Names(actual).Except(allowed.Besides))
            && printed.EnumerateObject().All(member => (allowed.Free.Contains(member.Name) && member.Value.ValueKind == actual.GetProperty(member.Name).ValueKind)
                || Fits(member.Value, actual.GetProperty(member.Name), allowed));
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(member => member.Name);
}
