using LmGateway.Security;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class ApiKeysTests
{
    private static readonly string Long = "long-" + new string('k', 300);
    private static readonly ApiKeys Keys = new([new("alice", "change-me-please"), new("bob", Long), new("carol", "clé-secrète"), new("nobody", "")]);

    [Fact]
    public void A_secret_names_its_caller()
    {
        Assert.True(Keys.Required);
        Assert.Equal("alice", Keys.NameOf("change-me-please"));
        Assert.Equal("bob", Keys.NameOf(Long));
        Assert.Equal("carol", Keys.NameOf("clé-secrète"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("change-me-pleas")]
    [InlineData("change-me-please\0")]
    [InlineData("change-me-pleasE")]
    [InlineData("Change-me-please")]
    [InlineData("default")]
    [InlineData("alice")]
    public void Anything_else_names_nobody(string secret) => Assert.Null(Keys.NameOf(secret));

    [Theory]
    [InlineData(62)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    public void Secrets_around_the_size_of_a_block_are_told_apart(int length)
    {
        var secret = new string('x', length);
        var keys = new ApiKeys([new("one", secret)]);
        Assert.Equal("one", keys.NameOf(secret));
        Assert.Null(keys.NameOf(secret.AsSpan(1)));
        Assert.Null(keys.NameOf(secret + "x"));
        Assert.Null(keys.NameOf(secret[1..] + "y"));
    }

    [Theory]
    [InlineData("X-API-Key", "change-me-please", "alice")]
    [InlineData("x-api-key", "change-me-please", "alice")]
    [InlineData("api-key", "change-me-please", "alice")]
    [InlineData("Authorization", "Bearer change-me-please", "alice")]
    [InlineData("Authorization", "bEARER   change-me-please ", "alice")]
    [InlineData("Authorization", "change-me-please", null)]
    [InlineData("Authorization", "Basic change-me-please", null)]
    [InlineData("Authorization", "Bearer", null)]
    [InlineData("Authorization", "Bearer ", null)]
    [InlineData("X-API-Key", "Bearer change-me-please", null)]
    [InlineData("X-Other", "change-me-please", null)]
    public void A_key_stands_in_any_of_three_headers(string header, string value, string? caller) =>
        Assert.Equal(caller, Keys.CallerOf(new HeaderDictionary { [header] = value }));

    [Fact]
    public void A_dummy_token_beside_the_right_key_does_no_harm() =>
        Assert.Equal("alice", Keys.CallerOf(new HeaderDictionary { ["X-API-Key"] = "change-me-please", ["Authorization"] = "Bearer lm-studio" }));

    [Fact]
    public void Space_around_a_configured_secret_is_dropped_and_space_alone_lets_nobody_in()
    {
        Assert.Equal("one", new ApiKeys([new("one", " secret ")]).NameOf("secret"));
        var blank = new ApiKeys([new("one", "  ")]);
        Assert.True(blank.Required);
        Assert.Null(blank.NameOf(""));
    }

    [Fact]
    public void No_secret_means_no_key_is_asked_for() => Assert.False(new ApiKeys([new("default", null)]).Required);
}
