using System.Text;

namespace LeanNats.Authentication;

/// <summary>Base32 (A-Z, 2-7) without padding.</summary>
internal static class Base32
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder((bytes.Length * 8 + 4) / 5);
        var (bits, count) = (0, 0);
        foreach (var value in bytes)
        {
            (bits, count) = ((bits << 8) | value, count + 8);
            for (; count >= 5; count -= 5) text.Append(Alphabet[(bits >> (count - 5)) & 31]);
            bits &= (1 << count) - 1;
        }

        if (count > 0) text.Append(Alphabet[(bits << (5 - count)) & 31]);
        return text.ToString();
    }

    /// <summary>Throws <see cref="FormatException"/>, without the text, for a letter outside the alphabet.</summary>
    public static byte[] Decode(string text)
    {
        var bytes = new byte[text.Length * 5 / 8];
        var (bits, count, length) = (0, 0, 0);
        foreach (var letter in text)
        {
            var value = Alphabet.IndexOf(letter, StringComparison.Ordinal);
            if (value < 0) throw new FormatException("The key is not base32.");
            (bits, count) = ((bits << 5) | value, count + 5);
            if (count < 8) continue;
            count -= 8;
            bytes[length++] = (byte)(bits >> count);
            bits &= (1 << count) - 1;
        }

        return bytes;
    }
}
