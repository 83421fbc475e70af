using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Authentication;

public sealed class AuthenticationTests
{
    [Theory]
    [InlineData("authorization { token: \"s3cr:t\" }", "s3cr%3At@", null, null, null)]
    [InlineData("authorization { token: \"s3cr:t\" }", "", null, null, "s3cr:t")]
    [InlineData("authorization { user: me, password: \"p@ss\" }", "me:p%40ss@", null, null, null)]
    [InlineData("authorization { user: me, password: \"p@ss\" }", "", "me", "p@ss", null)]
    public async Task A_token_or_a_user_opens_the_server(string config, string inUrl, string? user, string? password, string? token)
    {
        await using var server = await NatsServer.StartAsync(config);
        var auth = new NatsAuthOpts { Username = user, Password = password, Token = token };
        await using var nats = server.Connect(opts => opts with { Url = $"nats://{inUrl}127.0.0.1:{server.Port}", AuthOpts = auth });
        await nats.FlushAsync();

        await using var stranger = server.Connect();
        var refused = await Assert.ThrowsAsync<NatsServerException>(async () => await stranger.ConnectAsync());
        Assert.True(refused.IsAuthError);
        await using var wrong = server.Connect(opts => opts with { AuthOpts = new NatsAuthOpts { Username = "me", Password = "x", Token = "x" } });
        await Assert.ThrowsAsync<NatsServerException>(async () => await wrong.ConnectAsync());
    }

    [Fact]
    public async Task An_nkey_signs_in_from_a_setting_and_from_a_file()
    {
        var key = TestKey.Create('U');
        await using var server = await NatsServer.StartAsync($"authorization {{ users: [ {{ nkey: {key.PublicKey} }} ] }}");
        await using var nats = server.Connect(opts => opts with { AuthOpts = new NatsAuthOpts { Seed = key.Seed } });
        await nats.FlushAsync();

        var file = Path.Combine(server.Folder, "user.nk");
        await File.WriteAllTextAsync(file, key.Seed + "\n");
        await using var fromFile = server.Connect(opts => opts with { AuthOpts = new NatsAuthOpts { NKeyFile = file } });
        await fromFile.FlushAsync();

        await using var other = server.Connect(opts => opts with { AuthOpts = new NatsAuthOpts { Seed = TestKey.Create('U').Seed } });
        Assert.True((await Assert.ThrowsAsync<NatsServerException>(async () => await other.ConnectAsync())).IsAuthError);
    }

    [Fact]
    public async Task Credentials_sign_in_to_a_server_in_operator_mode()
    {
        var (oper, account, user) = (TestKey.Create('O'), TestKey.Create('A'), TestKey.Create('U'));
        await using var server = await NatsServer.StartAsync(OperatorConfig(oper, account));
        var file = Path.Combine(server.Folder, "user.creds");
        await File.WriteAllTextAsync(file, Creds(account, user, "{}"));
        await using var nats = server.Connect(opts => opts with { AuthOpts = new NatsAuthOpts { CredsFile = file } });
        await nats.FlushAsync();
        await using var fromText = server.Connect(opts => opts with { AuthOpts = new NatsAuthOpts { Creds = File.ReadAllText(file) } });
        await fromText.FlushAsync();

        // The file is read anew for every connection: what is renewed in place is used, what is broken is refused.
        await File.WriteAllTextAsync(file, Creds(account, TestKey.Create('U'), "{}"));
        await nats.ReconnectAsync();
        await File.WriteAllTextAsync(file, Creds(TestKey.Create('A'), user, "{}"));
        await using var events = nats.Events().GetAsyncEnumerator();
        await Assert.ThrowsAsync<NatsServerException>(async () => await nats.ReconnectAsync());
        Assert.True(((NatsServerException)(await events.NextAsync<NatsConnectionClosed>()).Reason!).IsAuthError);
        Assert.Equal(NatsConnectionState.Failed, nats.ConnectionState);
    }

    [Fact]
    public async Task Missing_files_and_broken_keys_are_typed_errors()
    {
        var (oper, account) = (TestKey.Create('O'), TestKey.Create('A'));
        await using var server = await NatsServer.StartAsync(OperatorConfig(oper, account));
        NatsAuthOpts[] broken =
        [
            new() { CredsFile = "/does/not/exist.creds" },
            new() { Creds = "nothing of the kind" },
            new() { Jwt = "a.b.c", Seed = "SUWRONG" },
        ];
        foreach (var auth in broken)
        {
            await using var nats = server.Connect(opts => opts with { AuthOpts = auth });
            var refused = await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await nats.ConnectAsync());
            Assert.DoesNotContain("SUWRONG", refused.ToString());
        }
    }

    [Fact]
    public async Task What_is_not_permitted_fails_the_caller_and_keeps_the_connection()
    {
        await using var server = await NatsServer.StartAsync(
            """
            authorization { users: [ { user: u, password: p, permissions: {
              publish: { deny: "no.>" }, subscribe: { deny: "no.>" } } } ] }
            """);
        await using var nats = server.Connect(opts => opts with { AuthOpts = new NatsAuthOpts { Username = "u", Password = "p" } });
        await using var events = nats.Events().GetAsyncEnumerator();
        await using var open = await nats.SubscribeCoreAsync("yes");
        await using var denied = await nats.SubscribeCoreAsync("no.read");
        var ended = await Assert.ThrowsAsync<NatsServerException>(() => denied.NextAsync());
        Assert.StartsWith("Permissions Violation for Subscription to \"no.read\"", ended.Error);
        await events.NextAsync<NatsServerError>();

        await Assert.ThrowsAsync<NatsServerException>(async () => await nats.RequestAsync("no.ask"));
        await Assert.ThrowsAsync<NatsServerException>(async () => await nats.PublishConfirmedAsync("no.write"));
        await nats.PublishConfirmedAsync("yes", "still here".Bytes());
        Assert.Equal("still here", (await open.NextAsync()).Text());
    }

    private static string OperatorConfig(TestKey oper, TestKey account)
    {
        const string Limits = """{"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1}""";
        var accountJwt = oper.Issue(account.PublicKey, $$$"""{"limits":{{{Limits}}},"default_permissions":{"pub":{},"sub":{}},"type":"account","version":2}""");
        return $"operator: {oper.Issue(oper.PublicKey, """{"type":"operator","version":2}""")}\nresolver: MEMORY\n"
            + $"resolver_preload: {{ {account.PublicKey}: {accountJwt} }}";
    }

    private static string Creds(TestKey account, TestKey user, string permissions)
    {
        var jwt = account.Issue(
            user.PublicKey, $$"""{"pub":{{permissions}},"sub":{{permissions}},"subs":-1,"data":-1,"payload":-1,"type":"user","version":2}""");
        return $"""
            -----BEGIN NATS USER JWT-----
            {jwt}
            ------END NATS USER JWT------

            -----BEGIN USER NKEY SEED-----
            {user.Seed}
            ------END USER NKEY SEED------
            """;
    }
}
