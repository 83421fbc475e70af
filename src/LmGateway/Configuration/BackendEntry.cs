namespace LmGateway.Configuration;

/// <summary>One of the servers that requests go to, as <c>backends</c> lists it: <c>[name=]kind[@address]</c>.</summary>
/// <param name="Name">Tells it apart in names like <c>name/model</c>; its kind where none is given.</param>
/// <param name="Kind">One of <see cref="Kinds"/>.</param>
/// <param name="Url">Its address; null for the one that the section of its kind has.</param>
internal sealed record BackendEntry(string Name, string Kind, string? Url)
{
    public const string LmStudio = "lmstudio";
    public const string Ollama = "ollama";
    public const string LlamaServer = "llama-server";
    public const string OpenAi = "openai";
    public const string Mock = "mock";

    private const int LongestName = 64;

    public static IReadOnlyList<string> Kinds { get; } = [LmStudio, Ollama, LlamaServer, OpenAi, Mock];

    /// <summary>Null for what is no entry.</summary>
    public static BackendEntry? Parse(string text)
    {
        var at = text.IndexOf('@');
        var head = at < 0 ? text : text[..at];
        var equals = head.IndexOf('=');
        var kind = KindNamed(head[(equals + 1)..].Trim());
        var name = equals < 0 ? kind : head[..equals].Trim().ToLowerInvariant();
        var url = at < 0 ? null : BaseUrl.Normalise(text[(at + 1)..].Trim());
        if (kind is null || !IsName(name!) || (at >= 0 && url is null)) return null;
        if (url is null && kind is OpenAi or LlamaServer) return null;      // these have no usual address
        return url is not null && kind == Mock ? null : new BackendEntry(name!, kind, url);
    }

    /// <summary>The one way to write it.</summary>
    public override string ToString() => (Name == Kind ? Kind : $"{Name}={Kind}") + (Url is null ? "" : $"@{Url}");

    /// <summary>The key for it among <c>name=key</c> pairs.</summary>
    public string? KeyAmong(IReadOnlyList<string> pairs) =>
        pairs.Where(pair => pair.StartsWith(Name + "=", StringComparison.OrdinalIgnoreCase)).Select(pair => pair[(Name.Length + 1)..]).FirstOrDefault();

    /// <summary>The kind in any usual spelling: <c>LM-Studio</c>, <c>llama_server</c>, <c>llama.cpp</c>.</summary>
    private static string? KindNamed(string text)
    {
        var plain = Plain(text);
        return plain is "llamacpp" ? LlamaServer : Kinds.FirstOrDefault(kind => Plain(kind) == plain);
    }

    private static string Plain(string text) => string.Concat(text.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');
}
