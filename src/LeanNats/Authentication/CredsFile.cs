namespace LeanNats.Authentication;

/// <summary>The two secrets of a credentials file.</summary>
internal readonly record struct CredsFile(string Jwt, string Seed)
{
    private const string JwtHead = "-----BEGIN NATS USER JWT-----";
    private const string SeedHead = "-----BEGIN USER NKEY SEED-----";

    /// <summary>Throws <see cref="FormatException"/>, without the text, when one of the two is missing.</summary>
    public static CredsFile Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries);
        return new CredsFile(LineAfter(lines, JwtHead), LineAfter(lines, SeedHead));
    }

    /// <summary>A file with a bare seed, or with one behind its heading.</summary>
    public static string ParseSeed(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries);
        return lines.Contains(SeedHead) ? LineAfter(lines, SeedHead)
            : lines.FirstOrDefault(line => line.StartsWith('S')) ?? throw new FormatException("The NKEY file holds no seed.");
    }

    /// <summary>Never prints a secret.</summary>
    public override string ToString() => "credentials";

    private static string LineAfter(string[] lines, string head)
    {
        var index = Array.IndexOf(lines, head);
        var line = index < 0 ? null : lines.Skip(index + 1).FirstOrDefault(text => text.Length > 0);
        return line ?? throw new FormatException($"The credentials have no line after {head}.");
    }
}
