using System.Buffers;
using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// Sampling parameters beyond OpenAI's: taken at the top level or inside an <c>extensions</c> object, and <c>mirostat_mode</c> under
/// its common misspelling too. Backends get them at the top level.
/// </summary>
internal static class ExtensionMends
{
    public static void Hoist(RequestPeek peek, RequestPlan plan)
    {
        if (peek.Has(RequestField.MirostatMode)) plan.Remove(RequestField.MicrostatMode);
        else plan.Rename(RequestField.MicrostatMode, RequestField.MirostatMode);
        if (peek.Find(RequestField.Extensions) is not { Kind: JsonTokenType.StartObject } extensions) return;
        plan.Remove(RequestField.Extensions);
        var reader = peek.Reader(extensions);
        var values = peek.Value(extensions);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = RequestFields.Read(ref reader);
            var name = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan.ToArray();
            reader.Read();
            var start = reader.TokenStartIndex;
            reader.Skip();
            var value = values.Slice(start, reader.BytesConsumed - start).ToArray();
            if (field == RequestField.None) plan.Add(name, value);
            else Put(peek, plan, field, value);
        }
    }

    private static void Put(RequestPeek peek, RequestPlan plan, RequestField field, byte[] value)
    {
        if (field == RequestField.MicrostatMode) field = RequestField.MirostatMode;
        var there = peek.Has(field) || (field == RequestField.MirostatMode && peek.Has(RequestField.MicrostatMode));
        if (!there && !plan.Sets(field) && IsSampling(field)) plan.Set(field, value);
    }

    /// <summary>Whatever else stands there (a model, messages) is not read from there.</summary>
    private static bool IsSampling(RequestField field) => field is RequestField.TopK or RequestField.MinP or RequestField.TopP or RequestField.Temperature
        or RequestField.RepeatPenalty or RequestField.PresencePenalty or RequestField.FrequencyPenalty or RequestField.Seed or RequestField.Stop
        or RequestField.MaxTokens or RequestField.MirostatMode;
}
