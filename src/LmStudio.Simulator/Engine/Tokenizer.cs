using System.Text;
using System.Text.RegularExpressions;

namespace LmStudio.Simulator.Engine;

/// <summary>Splits text into word pieces, always the same way. Joining the pieces gives the text back.</summary>
public static partial class Tokenizer
{
    private const int VocabularySize = 151_936;
    private const int TokensPerMessage = 4;
    private const int TokensPerImage = 256;

    /// <summary>The pieces of a text: words with the space before them, numbers by three digits, single signs.</summary>
    public static IEnumerable<string> Split(string text)
    {
        for (var match = Piece().Match(text); match.Success; match = match.NextMatch()) yield return match.Value;
    }

    public static int Count(string text) => Piece().Count(text);

    /// <summary>The token ids of a text; equal pieces have equal ids.</summary>
    public static IReadOnlyList<int> Encode(string text) => [.. Split(text).Select(IdOf)];

    /// <summary>How many tokens a prompt has, its template included.</summary>
    public static int CountPrompt(GenerationRequest request)
    {
        if (request.RawPrompt is { } raw) return Count(raw);
        var tokens = TokensPerMessage;
        foreach (var message in request.Messages)
        {
            tokens += TokensPerMessage + Count(message.Text) + message.Images.Count * TokensPerImage;
            tokens += message.ToolCalls.Sum(call => Count(call.Name) + Count(call.Arguments));
        }

        foreach (var tool in request.Tools) tokens += TokensPerMessage + Count(tool.Name) + Count(tool.Parameters?.GetRawText() ?? "");
        return tokens;
    }

    /// <summary>The prompt as the chat template writes it.</summary>
    public static string ApplyTemplate(GenerationRequest request)
    {
        if (request.RawPrompt is { } raw) return raw;
        var text = new StringBuilder();
        foreach (var message in request.Messages) text.Append("<|").Append(message.Role).Append("|>").Append(message.Text);
        return text.ToString();
    }

    private static int IdOf(string piece)
    {
        var hash = 2166136261;
        foreach (var unit in piece) hash = (hash ^ unit) * 16777619;
        return (int)(hash % VocabularySize);
    }

    [GeneratedRegex(
        @" ?\p{L}{1,12}| ?\p{N}{1,3}| ?(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^\s\p{L}\p{N}])|\s",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Piece();
}
