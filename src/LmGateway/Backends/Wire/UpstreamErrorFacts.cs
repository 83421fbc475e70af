using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LmGateway.Backends.Wire;

/// <summary>What a backend said when it refused, taken out of whatever shape it came in.</summary>
internal sealed record UpstreamErrorFacts
{
    private const int LongestMessage = 2000;
    private const int LongestBody = 256 * 1024;

    /// <summary>Null where nothing was said.</summary>
    public string? Message { get; private init; }

    public string? Code { get; private init; }
    public string? Type { get; private init; }
    public string? Parameter { get; private init; }

    /// <summary>The status that the body names; 0 for none.</summary>
    public int Status { get; private init; }

    /// <summary>Tokens that the model can hold, where the message tells.</summary>
    public int? ContextLength { get; private init; }

    public static UpstreamErrorFacts Read(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, LongestBody)]).Trim().TrimStart('\uFEFF');
        if (text.Length == 0) return new UpstreamErrorFacts();
        if (text[0] is '{' or '"' or '[')
        {
            try
            {
                using var document = JsonDocument.Parse(text);
                return Read(document.RootElement);
            }
            catch (Exception fault) when (fault is JsonException or InvalidOperationException)
            {
                // Broken JSON, or a string whose escapes make no text: shown as the text that it is.
            }
        }

        var message = Shorten(text[0] == '<' ? TitleOf(text) : text);
        return new UpstreamErrorFacts { Message = message, ContextLength = LengthIn(message) };
    }

    private static UpstreamErrorFacts Read(JsonElement root)
    {
        var error = Find(root);
        if (error.ValueKind != JsonValueKind.Object)
        {
            var said = Shorten(TextOf(error));
            return new UpstreamErrorFacts { Message = said, ContextLength = LengthIn(said), Code = Text(root, "code"), Type = Text(root, "type") };
        }

        var message = Shorten(Member(error, "message") is { } stated ? TextOf(stated) : Text(root, "message") ?? error.GetRawText());
        return new UpstreamErrorFacts
        {
            Message = message,
            Code = Text(error, "code"),
            Type = Text(error, "type"),
            Parameter = Text(error, "param"),
            Status = Number(error, "code") ?? Number(error, "status") ?? 0,
            ContextLength = Number(error, "n_ctx") ?? LengthIn(message),
        };
    }

    /// <summary>The part that tells: <c>error</c>, the failed response's <c>error</c>, <c>detail</c>, or the whole.</summary>
    private static JsonElement Find(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object) return root;
        if (Member(root, "error") is { } error) return error;
        if (Member(root, "response") is { ValueKind: JsonValueKind.Object } response && Member(response, "error") is { } inner) return inner;
        return Member(root, "detail") ?? root;
    }

    private static string TextOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Array when element.GetArrayLength() > 0 => string.Join("; ", element.EnumerateArray().Select(TextOf)),
        JsonValueKind.Object when (Text(element, "msg") ?? Text(element, "message")) is { } said => said,
        _ => element.GetRawText(),
    };

    private static JsonElement? Member(JsonElement element, string name) =>
        element.TryGetProperty(name, out var member) && member.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? member : null;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && Member(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static int? Number(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : null;

    private static string? Shorten(string text)
    {
        text = text.Trim();
        if (text.Length == 0) return null;
        if (text.Length <= LongestMessage) return text;
        var end = char.IsHighSurrogate(text[LongestMessage - 1]) ? LongestMessage - 1 : LongestMessage;
        return text[..end] + "…";
    }

    private static string TitleOf(string page)
    {
        var start = page.IndexOf("<title>", StringComparison.OrdinalIgnoreCase);
        var end = start < 0 ? -1 : page.IndexOf("</title>", start, StringComparison.OrdinalIgnoreCase);
        return end < 0 ? "The backend answered with an HTML page." : $"The backend answered with an HTML page: {page[(start + 7)..end].Trim()}";
    }

    /// <summary>The number after <c>n_ctx</c> or <c>context size (</c>, as llama.cpp writes it.</summary>
    private static int? LengthIn(string? message)
    {
        if (message is null) return null;
        foreach (var mark in (ReadOnlySpan<string>)["n_ctx", "context size (", "context length of only", "maximum context length is"])
        {
            var place = message.IndexOf(mark, StringComparison.OrdinalIgnoreCase);
            if (place < 0) continue;
            var digits = message.AsSpan(place + mark.Length).TrimStart(" :=(");
            var length = digits.IndexOfAnyExceptInRange('0', '9');
            if (int.TryParse(length < 0 ? digits : digits[..length], NumberStyles.None, CultureInfo.InvariantCulture, out var tokens)) return tokens;
        }

        return null;
    }
}
