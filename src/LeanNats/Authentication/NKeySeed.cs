using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace LeanNats.Authentication;

/// <summary>An Ed25519 seed in NATS's text form (<c>SU…</c>): base32 of two prefix bytes, 32 seed bytes and a CRC-16.</summary>
internal sealed class NKeySeed : IDisposable
{
    private const int RawLength = 36;
    private const int SeedLength = 32;
    private const byte SeedPrefix = 18 << 3; // the letter S

    private readonly byte[] seed;
    private readonly byte keyPrefix;

    private NKeySeed(byte[] seed, byte keyPrefix) => (this.seed, this.keyPrefix) = (seed, keyPrefix);

    /// <summary>The public key's text (<c>U…</c>).</summary>
    public string PublicKey
    {
        get
        {
            var raw = new byte[1 + SeedLength + 2];
            raw[0] = keyPrefix;
            new Ed25519PrivateKeyParameters(seed, 0).GeneratePublicKey().Encode(raw, 1);
            BinaryPrimitives.WriteUInt16LittleEndian(raw.AsSpan(^2), Crc16(raw.AsSpan(0, raw.Length - 2)));
            return Base32.Encode(raw);
        }
    }

    /// <summary>Throws <see cref="FormatException"/>, without the text, for anything that is not a seed.</summary>
    public static NKeySeed Parse(string text)
    {
        var raw = Base32.Decode(text.Trim());
        try
        {
            if (raw.Length != RawLength || (raw[0] & 0xF8) != SeedPrefix
                || Crc16(raw.AsSpan(0, RawLength - 2)) != BinaryPrimitives.ReadUInt16LittleEndian(raw.AsSpan(RawLength - 2)))
                throw new FormatException("The NKEY seed is not valid.");
            // The kind of key is spread over the low bits of the first byte and the high bits of the second.
            return new NKeySeed(raw.AsSpan(2, SeedLength).ToArray(), (byte)(((raw[0] & 7) << 5) | ((raw[1] & 0xF8) >> 3)));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(raw);
        }
    }

    /// <summary>The signature of the server's nonce, as CONNECT wants it: base64url without padding.</summary>
    public string Sign(string nonce)
    {
        var signer = new Ed25519Signer();
        signer.Init(forSigning: true, new Ed25519PrivateKeyParameters(seed, 0));
        var bytes = Encoding.ASCII.GetBytes(nonce);
        signer.BlockUpdate(bytes, 0, bytes.Length);
        return System.Buffers.Text.Base64Url.EncodeToString(signer.GenerateSignature());
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(seed);

    /// <summary>CRC-16 with polynomial 0x1021, beginning at 0.</summary>
    internal static ushort Crc16(ReadOnlySpan<byte> bytes)
    {
        ushort crc = 0;
        foreach (var value in bytes)
        {
            crc ^= (ushort)(value << 8);
            for (var bit = 0; bit < 8; bit++)
                crc = (ushort)((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1);
        }

        return crc;
    }
}
