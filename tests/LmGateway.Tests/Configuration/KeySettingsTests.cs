using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

/// <summary>Named keys in the settings.</summary>
public sealed class KeySettingsTests
{
    private const string Hash = "b37d2cbfd875891e9ed073fcbe61f35a990bee8eecbdd07f9efc51339d5ffd66";

    [Fact]
    public void A_key_is_a_mapping_in_the_file()
    {
        var loaded = Given.FromYaml($"""
            security:
              keys:
                - name: laptop
                  sha256: {Hash}
                  scopes: [inference, debug]
                  models: [qwen/qwen3-4b-2507, granite-3.0-2b-instruct]
                  requests_per_minute: 60
                  tokens_per_minute: 20000
                  tokens_per_day: 500000
                - name: ci
                  sha256: "sha256:{Hash.Replace('b', 'c')}"
            """);
        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Warnings);
        var keys = loaded.Options.Security.KeyEntries.ToList();
        Assert.Equal(["inference", "debug"], keys[0].Scopes);
        Assert.Equal(["qwen/qwen3-4b-2507", "granite-3.0-2b-instruct"], keys[0].Models);
        Assert.Equal((60, 20000L, 500000L), (keys[0].RequestsPerMinute, keys[0].TokensPerMinute, keys[0].TokensPerDay));
        Assert.Equal(("ci", Hash.Replace('b', 'c')), (keys[1].Name, keys[1].Sha256));
        Assert.Equal(["inference"], keys[1].Scopes);
    }

    [Fact]
    public void Keys_are_texts_in_the_environment()
    {
        var loaded = Given.FromEnvironment(("LMGATEWAY_SECURITY__KEYS", $"name=laptop sha256={Hash} scopes=inference|models; name=ci key=very-secret"));
        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Warnings);
        Assert.Equal(["laptop", "ci"], loaded.Options.Security.KeyEntries.Select(key => key.Name));
        Assert.Equal("very-secret", loaded.Options.Security.KeyEntries.Last().Key);
    }

    [Fact]
    public void Secrets_are_never_shown()
    {
        var loaded = Given.FromYaml($"security:\n  keys:\n    - {{name: laptop, key: very-secret}}\n    - {{name: other, sha256: {Hash}, kee: very-secret}}");
        var shown = loaded.Effective["security.keys"].Text;
        Assert.Equal("name=laptop key=***, name=other sha256=*** kee=***", shown);
        Assert.DoesNotContain("very-secret", string.Concat(loaded.Errors) + string.Concat(loaded.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_in_clear_in_the_file_is_warned_of() =>
        Assert.Contains("'laptop' stands there in clear", Assert.Single(Given.FromYaml("security:\n  keys:\n    - {name: laptop, key: very-secret}").Warnings), StringComparison.Ordinal);

    [Theory]
    [InlineData("{name: laptop}", "either sha256")]
    [InlineData("{name: laptop, key: a, sha256: b37d2cbfd875891e9ed073fcbe61f35a990bee8eecbdd07f9efc51339d5ffd66}", "either sha256")]
    [InlineData("{name: laptop, sha256: abc}", "sha256: 64 hexadecimal digits are expected")]
    [InlineData("{key: secret}", "name: 1 to 64 letters")]
    [InlineData("{name: default, key: secret}", "'default' is the key security.api_key")]
    [InlineData("{name: laptop, key: secret, scopes: [everything]}", "there is no scope 'everything'; inference, models, admin, debug are expected")]
    [InlineData("{name: laptop, key: secret, requests_per_minute: 0}", "requests_per_minute: a whole number from 1 on is expected")]
    [InlineData("{name: laptop, key: secret, tokens_per_day: many}", "tokens_per_day: a whole number from 1 on is expected")]
    [InlineData("{name: laptop, key: secret, scope: inference}", "there is no field 'scope'; did you mean scopes?")]
    [InlineData("{name: laptop, key: two words}", "without blanks")]
    public void What_is_wrong_with_a_key_is_said_with_the_fix(string entry, string fix) =>
        Assert.Contains(Given.FromYaml($"security:\n  keys:\n    - {entry}").Errors, error => error.ToString().Contains(fix, StringComparison.Ordinal) && error.Key!.StartsWith("security.keys", StringComparison.Ordinal));

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        var loaded = Given.FromYaml($$"""
            security:
              keys:
                - {name: one, sha256: {{Hash}}, scopes: [nothing], requests_per_minute: -1}
                - {name: one, sha256: {{Hash}} }
                - {name: two words, key: x}
            """);
        var errors = string.Join('\n', loaded.Errors);
        foreach (var fault in new[] { "no scope 'nothing'", "requests_per_minute", "a name of its own", "a secret of its own", "without blanks" }) Assert.Contains(fault, errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_key_protects_an_address_that_others_reach()
    {
        Assert.Empty(Given.FromYaml($"listen:\n  host: 0.0.0.0\nsecurity:\n  keys:\n    - {{name: laptop, sha256: {Hash}}}").Errors);
        Assert.NotEmpty(Given.FromYaml("listen:\n  host: 0.0.0.0").Errors);
    }
}
