using System.Security.Cryptography;

namespace LeanNats;

/// <summary>Unique ids of 22 characters (0-9, A-Z, a-z), as NATS clients make them: a random prefix and a counting rest.</summary>
public static class Nuid
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int PrefixLength = 12;
    private const int CounterLength = 10;
    private const long CounterEnd = 839_299_365_868_340_224; // 62^10

    private static readonly Lock Gate = new();
    private static string prefix = "";
    private static long counter = CounterEnd;
    private static long increment;

    /// <summary>The next id. Ids of one process never repeat; those of different ones do not in practice.</summary>
    public static string Next()
    {
        string head;
        long number;
        lock (Gate)
        {
            counter += increment;
            if (counter >= CounterEnd) Renew();
            (head, number) = (prefix, counter);
        }

        return string.Create(PrefixLength + CounterLength, (head, number), static (text, parts) =>
        {
            parts.head.CopyTo(text);
            var rest = parts.number;
            for (var i = text.Length - 1; i >= PrefixLength; i--, rest /= Alphabet.Length)
                text[i] = Alphabet[(int)(rest % Alphabet.Length)];
        });
    }

    private static void Renew()
    {
        prefix = RandomNumberGenerator.GetString(Alphabet, PrefixLength);
        increment = RandomNumberGenerator.GetInt32(33, 334);
        counter = RandomNumberGenerator.GetInt32(int.MaxValue);
    }
}
