using System.Buffers.Text;
using LeanNats.Authentication;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Authentication;

public sealed class NKeySeedTests
{
    [Fact]
    public void The_public_key_is_the_one_of_rfc_8032()
    {
        // RFC 8032, section 7.1, test 1.
        var seed = Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        using var key = NKeySeed.Parse(TestKey.SeedText('U', seed));
        var raw = Base32.Decode(key.PublicKey);
        Assert.Equal("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", Convert.ToHexStringLower(raw.AsSpan(1, 32)));
        Assert.StartsWith("U", key.PublicKey);
        Assert.Equal(56, key.PublicKey.Length);
    }

    [Fact]
    public void A_signature_is_the_one_of_rfc_8032()
    {
        // RFC 8032, section 7.1, test 2: the message is the one byte 0x72, the letter r.
        var seed = Convert.FromHexString("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        using var key = NKeySeed.Parse(TestKey.SeedText('U', seed));
        const string Expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        Assert.Equal(Expected, Convert.ToHexStringLower(Base64Url.DecodeFromChars(key.Sign("r"))));
    }

    [Theory]
    [InlineData('O')]
    [InlineData('A')]
    [InlineData('U')]
    public void A_seed_is_58_letters_and_tells_its_kind(char kind)
    {
        var key = TestKey.Create(kind);
        Assert.Equal($"S{kind}", key.Seed[..2]);
        Assert.Equal(58, key.Seed.Length);
        Assert.Equal(kind, key.PublicKey[0]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SUAAAA")]
    [InlineData("not base32!")]
    [InlineData("SUAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_seed_is_refused_without_being_printed(string text)
    {
        var refused = Assert.Throws<FormatException>(() => NKeySeed.Parse(text));
        if (text.Length > 0) Assert.DoesNotContain(text, refused.Message);
    }

    [Fact]
    public void A_public_key_is_no_seed() => Assert.Throws<FormatException>(() => NKeySeed.Parse(TestKey.Create('U').PublicKey));

    [Fact]
    public void Base32_reads_what_it_writes()
    {
        var random = new Random(3);
        for (var length = 0; length < 100; length++)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            Assert.Equal(bytes, Base32.Decode(Base32.Encode(bytes)));
        }
    }

    [Fact]
    public void A_credentials_file_gives_its_token_and_its_seed()
    {
        const string Text = """
            -----BEGIN NATS USER JWT-----
            eyJ0.the.jwt
            ------END NATS USER JWT------

            ************************* IMPORTANT *************************
            NKEY Seed printed below can be used to sign and prove identity.

            -----BEGIN USER NKEY SEED-----

            SUSEED
            ------END USER NKEY SEED------
            """;
        var creds = CredsFile.Parse(Text.ReplaceLineEndings("\r\n"));
        Assert.Equal(("eyJ0.the.jwt", "SUSEED"), (creds.Jwt, creds.Seed));
        Assert.Equal("credentials", creds.ToString());
        Assert.Equal("SUSEED", CredsFile.ParseSeed(Text));
        Assert.Equal("SUOTHER", CredsFile.ParseSeed("# my key\nSUOTHER\n"));
        Assert.Throws<FormatException>(() => CredsFile.Parse("-----BEGIN NATS USER JWT-----\n"));
        Assert.Throws<FormatException>(() => CredsFile.ParseSeed("nothing"));
    }
}
