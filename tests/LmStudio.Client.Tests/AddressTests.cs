using Xunit;

namespace LmStudio.Client.Tests;

public sealed class AddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:1234", "http://127.0.0.1:1234", "ws://127.0.0.1:1234")]
    [InlineData("http://127.0.0.1:1234/", "http://127.0.0.1:1234", "ws://127.0.0.1:1234")]
    [InlineData("http://host:1234/v1", "http://host:1234", "ws://host:1234")]
    [InlineData("http://host:1234/v1/", "http://host:1234", "ws://host:1234")]
    [InlineData("http://host/api/v0", "http://host", "ws://host")]
    [InlineData("http://host/api/v1/", "http://host", "ws://host")]
    [InlineData("https://host/lm/api/v1", "https://host/lm", "wss://host/lm")]
    [InlineData("ws://host:41343", "http://host:41343", "ws://host:41343")]
    [InlineData("wss://host/lm", "https://host/lm", "wss://host/lm")]
    [InlineData("http://[::1]:1234/v1", "http://[::1]:1234", "ws://[::1]:1234")]
    public void An_address_is_reduced_to_the_server_and_known_under_both_schemes(string given, string http, string socket)
    {
        var address = LmStudioAddress.Of(new Uri(given));
        Assert.Equal((http, socket), (address.Http, address.WebSocket));
        Assert.Equal(http + "/x", address.HttpUri("/x").ToString());
    }

    [Theory]
    [InlineData("ftp://user:secret@host")]
    [InlineData("mailto:me@host")]
    [InlineData("http://host?x=1")]
    [InlineData("http://host#x")]
    [InlineData("http://user:secret@host")]
    public void An_address_that_cannot_be_right_is_refused_when_the_client_is_made(string given)
    {
        var error = Assert.Throws<ArgumentException>(() => new LmStudioClient(new() { BaseAddress = new Uri(given) }));
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_home_folder_follows_the_pointer_then_the_old_place_then_the_new()
    {
        var profile = Directory.CreateTempSubdirectory("profile");
        Assert.Equal(Path.Combine(profile.FullName, ".lmstudio"), LmStudioHome.Find(profile.FullName));
        var old = Directory.CreateDirectory(Path.Combine(profile.FullName, ".cache", "lm-studio"));
        Assert.Equal(old.FullName, LmStudioHome.Find(profile.FullName));
        File.WriteAllText(Path.Combine(profile.FullName, ".lmstudio-home-pointer"), "/data/lmstudio\n");
        Assert.Equal("/data/lmstudio", LmStudioHome.Find(profile.FullName));
        profile.Delete(recursive: true);
    }

    [Fact]
    public void An_identity_of_ones_own_is_checked_and_never_printed_with_its_passkey()
    {
        var identity = ClientIdentity.Of(new() { ClientIdentifier = "me", ClientPasskey = "secret" });
        Assert.Equal(("me", "secret", "me"), (identity.Identifier, identity.Passkey, identity.ToString()));
        Assert.Throws<ArgumentException>(() => ClientIdentity.Of(new() { ClientPasskey = "secret" }));
        Assert.Throws<ArgumentException>(() => ClientIdentity.Of(new() { ClientIdentifier = new string('x', 257) }));
    }
}
