using System.Buffers;
using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>What a backend does with sampling parameters beyond OpenAI's.</summary>
/// <param name="Taken">Those that have an effect; null where nobody looks.</param>
/// <param name="RefusesOthers">The others are an error there, so that they must not be sent.</param>
internal readonly record struct ExtensionUse(IReadOnlySet<string>? Taken, bool RefusesOthers);

/// <summary>
/// Sampling parameters beyond OpenAI's: taken at the top level or inside an <c>extensions</c> object, and <c>mirostat_mode</c> under
/// its common misspelling too. Backends get them at the top level.
/// </summary>
internal static class ExtensionMends
{
    /// <summary>Returns the names of those that have no effect on the backend.</summary>
    public static IReadOnlyList<string> Hoist(RequestPeek peek, RequestPlan plan, ExtensionUse use)
    {
        var ignored = use.Taken is { } taken ? Ignored(peek, taken) : [];
        var unsent = use.RefusesOthers ? ignored : [];
        foreach (var name in unsent)
            if (ExtensionParameters.Find(name) is { } parameter) plan.Remove(parameter.Field);
        if (peek.Has(RequestField.MirostatMode) || unsent.Contains("mirostat_mode")) plan.Remove(RequestField.MicrostatMode);
        else plan.Rename(RequestField.MicrostatMode, RequestField.MirostatMode);
        HoistNested(peek, plan, unsent);
        return ignored;
    }

    private static string[] Ignored(RequestPeek peek, IReadOnlySet<string> taken) => [.. GivenParameters.Of(peek).Extensions.Where(name => !taken.Contains(name))];

    private static void HoistNested(RequestPeek peek, RequestPlan plan, string[] unsent)
    {
        if (peek.Find(RequestField.Extensions) is not { Kind: JsonTokenType.StartObject } extensions) return;
        plan.Remove(RequestField.Extensions);
        var reader = peek.Reader(extensions);
        var values = peek.Value(extensions);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = GivenParameters.Spelled(RequestFields.Read(ref reader));
            var name = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan.ToArray();
            var isUnsent = unsent.Length > 0 && unsent.Contains(field == RequestField.None ? JsonText.Read(ref reader) ?? "" : RequestFields.Name(field));
            reader.Read();
            var start = reader.TokenStartIndex;
            reader.Skip();
            var value = values.Slice(start, reader.BytesConsumed - start).ToArray();
            if (isUnsent) continue;
            if (field == RequestField.None) plan.Add(name, value);
            else Put(peek, plan, field, value);
        }
    }

    private static void Put(RequestPeek peek, RequestPlan plan, RequestField field, byte[] value)
    {
        var there = peek.Has(field) || (field == RequestField.MirostatMode && peek.Has(RequestField.MicrostatMode));
        if (!there && !plan.Sets(field) && IsSampling(field)) plan.Set(field, value);
    }

    /// <summary>Whatever else stands there (a model, messages) is not read from there.</summary>
    private static bool IsSampling(RequestField field) => field is RequestField.TopP or RequestField.Temperature or RequestField.PresencePenalty
        or RequestField.FrequencyPenalty or RequestField.Seed or RequestField.Stop or RequestField.MaxTokens || ExtensionParameters.Includes(field);
}
