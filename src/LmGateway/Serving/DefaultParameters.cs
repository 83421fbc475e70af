using System.Globalization;
using System.Text.Json;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>The active model's parameters under the names that the OpenAI dialects have for them.</summary>
internal static class DefaultParameters
{
    public static IReadOnlyList<RequestDefault> Of(InferenceDefaults defaults)
    {
        if (ReferenceEquals(defaults, InferenceDefaults.None)) return [];
        var list = new List<RequestDefault>();
        Add(RequestField.Temperature, defaults.Temperature);
        Add(RequestField.MaxTokens, defaults.MaxTokens);
        Add(RequestField.TopP, defaults.TopP);
        Add(RequestField.TopK, defaults.TopK);
        Add(RequestField.RepeatPenalty, defaults.RepeatPenalty);
        if (defaults.StopStrings is { Count: > 0 } stop) list.Add(new RequestDefault(RequestField.Stop, Texts(stop)));
        if (defaults.Stream is { } stream) list.Add(new RequestDefault(RequestField.Stream, stream ? "true" : "false"));
        return list;

        void Add(RequestField field, double? number)
        {
            if (number is { } value) list.Add(new RequestDefault(field, value.ToString("R", CultureInfo.InvariantCulture)));
        }
    }

    private static string Texts(IReadOnlyList<string> texts) =>
        $"[{string.Join(',', texts.Select(text => $"\"{JsonEncodedText.Encode(text)}\""))}]";
}
