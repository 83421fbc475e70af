namespace LmGateway.Api.Mcp.Tools;

/// <summary>Some models think inside their answer, between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>; a thought that does not end is all thought.</summary>
internal static class InlineReasoning
{
    private const string Begin = "<think>";
    private const string End = "</think>";

    public static (string Answer, string Reasoning) Split(string text)
    {
        var end = text.LastIndexOf(End, StringComparison.Ordinal);
        if (end >= 0) return (text[(end + End.Length)..].TrimStart(), text[..end].Replace(Begin, "", StringComparison.Ordinal).Trim());
        return text.TrimStart().StartsWith(Begin, StringComparison.Ordinal) ? ("", text.TrimStart()[Begin.Length..].Trim()) : (text, "");
    }
}
