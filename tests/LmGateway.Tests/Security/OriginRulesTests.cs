using LmGateway.Security;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class OriginRulesTests
{
    private const string Host = "192.168.1.5:8000";

    private static string Judge(string? origin, string[] setting, bool keyed = false, bool administers = false) =>
        new OriginRules(setting, keyed, []).Judge(origin, Host, administers).ToString();

    [Theory]
    [InlineData(null, "Absent")]
    [InlineData("", "Absent")]
    [InlineData("http://localhost", "Allowed")]
    [InlineData("http://localhost:3000", "Allowed")]
    [InlineData("https://LOCALHOST:3000", "Allowed")]
    [InlineData("http://chat.localhost:5173", "Allowed")]
    [InlineData("http://127.0.0.1:8080", "Allowed")]
    [InlineData("https://[::1]:8443", "Allowed")]
    [InlineData("app://obsidian.md", "Allowed")]
    [InlineData("tauri://localhost", "Allowed")]
    [InlineData("http://tauri.localhost", "Allowed")]
    [InlineData("https://tauri.localhost", "Allowed")]
    [InlineData("chrome-extension://abcdef", "Allowed")]
    [InlineData("moz-extension://abcdef", "Allowed")]
    [InlineData("safari-web-extension://abcdef", "Allowed")]
    [InlineData("vscode-webview://0a1b", "Allowed")]
    [InlineData("http://192.168.1.5:8000", "Same")]
    [InlineData("https://192.168.1.5:8000", "Same")]
    [InlineData("http://192.168.1.5", "Refused")]
    [InlineData("https://evil.example", "Refused")]
    [InlineData("https://localhost.evil.example", "Refused")]
    [InlineData("https://evillocalhost", "Refused")]
    [InlineData("http://127.0.0.1.evil.example", "Refused")]
    [InlineData("https://evil.example/http://localhost", "Refused")]
    [InlineData("http://localhost,https://evil.example", "Refused")]
    [InlineData("tauri://evil", "Refused")]
    [InlineData("ftp://localhost", "Refused")]
    [InlineData("null", "Refused")]
    [InlineData("app://caf\u00e9", "Refused")]
    [InlineData("app://a\u001b[31m", "Refused")]
    public void Without_a_setting_pages_and_apps_of_this_machine_may_call(string? origin, string verdict) =>
        Assert.Equal(verdict, Judge(origin, []));

    [Theory]
    [InlineData("https://chat.example", "https://chat.example", "Allowed")]
    [InlineData("https://Chat.example/", "https://chat.example", "Allowed")]
    [InlineData("https://chat.example:443", "https://chat.example", "Allowed")]
    [InlineData("http://chat.example:80", "http://chat.example", "Allowed")]
    [InlineData("https://chat.example", "http://chat.example", "Refused")]
    [InlineData("https://chat.example", "https://chat.example:8443", "Refused")]
    [InlineData("https://chat.example", "https://chat.example.evil", "Refused")]
    [InlineData("https://*.example", "https://a.b.example", "Allowed")]
    [InlineData("https://*.example", "https://.example", "Refused")]
    [InlineData("http://localhost:*", "http://localhost:3000", "Allowed")]
    [InlineData("vscode-webview://*", "vscode-webview://0a1b", "Allowed")]
    [InlineData("https://chat.example", "http://localhost:3000", "Refused")]
    [InlineData("https://chat.example", "null", "Refused")]
    [InlineData("https://chat.example", "http://192.168.1.5:8000", "Same")]
    public void A_list_replaces_that(string setting, string origin, string verdict) =>
        Assert.Equal(verdict, Judge(origin, ["https://other.example", setting]));

    [Theory]
    [InlineData("https://evil.example", false, false, "Anyone")]
    [InlineData("null", false, false, "Anyone")]
    [InlineData("https://evil.example", false, true, "Refused")]
    [InlineData("null", false, true, "Refused")]
    [InlineData("http://localhost:3000", false, true, "Allowed")]
    [InlineData("https://evil.example", true, true, "Anyone")]
    public void The_star_covers_administration_only_behind_a_key(string origin, bool keyed, bool administers, string verdict) =>
        Assert.Equal(verdict, Judge(origin, ["*"], keyed, administers));

    [Fact]
    public void A_list_beside_the_star_says_who_administers()
    {
        Assert.Equal("Allowed", Judge("https://chat.example", ["*", "https://chat.example"], administers: true));
        Assert.Equal("Refused", Judge("http://localhost:3000", ["*", "https://chat.example"], administers: true));
        Assert.Equal("Anyone", Judge("https://chat.example", ["*", "https://chat.example"]));
    }

    [Theory]
    [InlineData("chat.example")]
    [InlineData("https://")]
    [InlineData("https://chat.example/path")]
    [InlineData("https://*.*.example")]
    [InlineData("*://chat.example")]
    [InlineData("null")]
    public void An_unreadable_origin_is_a_fault(string setting)
    {
        var faults = new List<string>();
        var rules = new OriginRules([setting], keyed: false, faults);
        Assert.Equal([$"security.cors_origins: '{setting.TrimEnd('/')}' is not an origin; write https://chat.example.com, https://*.example.com, app://* or *"], faults);
        Assert.Equal(OriginVerdict.Refused, rules.Judge("https://chat.example", Host, administers: false));
    }
}
