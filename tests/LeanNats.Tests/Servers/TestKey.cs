using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using LeanNats.Authentication;

namespace LeanNats.Tests.Servers;

/// <summary>A new NKEY of any kind, and the JWTs it signs: what <c>nsc</c> makes for a server in operator mode.</summary>
internal sealed class TestKey
{
    private TestKey(string seed)
    {
        using var key = NKeySeed.Parse(seed);
        (Seed, PublicKey) = (seed, key.PublicKey);
    }

    public string Seed { get; }

    public string PublicKey { get; }

    /// <summary><paramref name="kind"/> is the first letter of the public key: O(perator), A(ccount) or U(ser).</summary>
    public static TestKey Create(char kind) => new(SeedText(kind, RandomNumberGenerator.GetBytes(32)));

    public static string SeedText(char kind, byte[] seed)
    {
        var prefix = (kind - 'A') << 3;
        byte[] raw = [(byte)((18 << 3) | (prefix >> 5)), (byte)((prefix & 31) << 3), .. seed, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(raw.AsSpan(34), NKeySeed.Crc16(raw.AsSpan(0, 34)));
        return Base32.Encode(raw);
    }

    /// <summary>A JWT of this key about <paramref name="subject"/>, with <paramref name="claims"/> under <c>nats</c>.</summary>
    public string Issue(string subject, string claims)
    {
        var header = Base64Url.EncodeToString("""{"typ":"JWT","alg":"ed25519-nkey"}"""u8);
        var issued = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var payload = $$"""{"jti":"{{Nuid.Next()}}","iat":{{issued}},"iss":"{{PublicKey}}","name":"test","sub":"{{subject}}","nats":{{claims}}}""";
        var content = $"{header}.{Base64Url.EncodeToString(payload.Bytes())}";
        using var key = NKeySeed.Parse(Seed);
        return $"{content}.{key.Sign(content)}";
    }
}
