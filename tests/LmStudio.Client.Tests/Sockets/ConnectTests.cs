using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LmStudio.Client.Tests.Servers;
using Xunit;

namespace LmStudio.Client.Tests.Sockets;

public sealed class ConnectTests
{
    private const string NoConnection =
        "Failed to connect to LM Studio SDK after 3 attempts. Ensure LM Studio is running and the API server is enabled.";

    [Fact]
    public async Task A_refused_connection_is_tried_three_times_and_then_said_in_the_documented_words()
    {
        using var port = new ReservedPort();
        await using var client = new LmStudioClient(Quick(port.Address));
        var error = await Assert.ThrowsAsync<LmStudioConnectionException>(() => client.Llm.ListLoadedAsync());
        Assert.Equal(NoConnection, error.Message);
        Assert.NotNull(error.InnerException);
    }

    [Fact]
    public async Task A_server_that_never_answers_the_authentication_is_given_up()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Sockets["/llm"] = socket => socket.StaySilentAsync();
        var error = await ThreeTimeoutsAsync(server);
        Assert.Equal(NoConnection, error.Message);
        Assert.IsType<LmStudioTimeoutException>(error.InnerException);
        Assert.Equal(3, server.ConnectionsTo("/llm"));
    }

    [Fact]
    public async Task An_upgrade_that_is_never_answered_is_given_up()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.BeforeUpgrade = (_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);
        var error = await ThreeTimeoutsAsync(server);
        Assert.IsType<LmStudioTimeoutException>(error.InnerException);
        Assert.Equal(3, server.ConnectionsTo("/llm"));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task An_upgrade_that_is_refused_for_its_credentials_is_an_authentication_failure(int status)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.BeforeUpgrade = (context, _) => Task.FromResult(context.Response.StatusCode = status);
        await using var client = new LmStudioClient(Quick(server.Address));
        await Assert.ThrowsAsync<LmStudioAuthenticationException>(() => client.Llm.ListLoadedAsync());
        Assert.Equal(1, server.ConnectionsTo("/llm"));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("""{"type":"keepAliveAck"}""")]
    public async Task Nonsense_in_place_of_the_authentications_answer_is_an_authentication_failure(string answer)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Sockets["/llm"] = async socket =>
        {
            await socket.ReceiveAsync();
            await socket.SendAsync(answer);
            await socket.StaySilentAsync();
        };
        await using var client = new LmStudioClient(Quick(server.Address));
        await Assert.ThrowsAsync<LmStudioAuthenticationException>(() => client.Llm.ListLoadedAsync());
    }

    [Fact]
    public async Task A_server_that_appears_between_two_attempts_is_reached()
    {
        using var port = new ReservedPort();
        var options = Quick(port.Address) with { ConnectAttempts = 3000, ConnectRetryDelay = TimeSpan.FromMilliseconds(10) };
        await using var client = new LmStudioClient(options);
        var call = client.Llm.ListLoadedAsync();
        await using var server = await ScriptedServer.StartAsync(port);
        server.Sockets["/llm"] = Empty;
        Assert.Empty(await call);
    }

    [Fact]
    public async Task Many_first_users_share_one_connection_and_one_who_leaves_does_not_end_it_for_the_others()
    {
        var release = new TaskCompletionSource();
        await using var server = await ScriptedServer.StartAsync();
        server.BeforeUpgrade = (_, cancellationToken) => release.Task.WaitAsync(cancellationToken);
        server.Sockets["/llm"] = Empty;
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, ConnectTimeout = TimeSpan.FromSeconds(30) });
        using var leaving = new CancellationTokenSource();
        var leavers = Enumerable.Range(0, 10).Select(_ => client.Llm.ListLoadedAsync(leaving.Token)).ToList();
        var stayers = Enumerable.Range(0, 10).Select(_ => client.Llm.ListLoadedAsync()).ToList();

        await leaving.CancelAsync();
        foreach (var leaver in leavers) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
        release.SetResult();
        foreach (var stayer in stayers) Assert.Empty(await stayer);
        Assert.Equal(1, server.ConnectionsTo("/llm"));
    }

    [Fact]
    public async Task A_failed_attempt_is_not_remembered()
    {
        using var port = new ReservedPort();
        await using var client = new LmStudioClient(Quick(new UriBuilder(port.Address) { Scheme = "ws" }.Uri));
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => client.Llm.ListLoadedAsync());
        await using var server = await ScriptedServer.StartAsync(port);
        server.Sockets["/llm"] = Empty;
        Assert.Empty(await client.Llm.ListLoadedAsync());
    }

    [Fact]
    public async Task Without_an_address_the_port_file_is_followed()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Sockets["/llm"] = Empty;
        var home = Directory.CreateTempSubdirectory("lmstudio-home");
        Directory.CreateDirectory(Path.Combine(home.FullName, ".internal"));
        await File.WriteAllTextAsync(
            Path.Combine(home.FullName, ".internal", "http-server.json"), $$"""{"host":"127.0.0.1","pid":1,"port":{{server.Address.Port}}}""");
        await using (var client = new LmStudioClient(new() { HomeFolder = home.FullName }))
        {
            Assert.True(await client.IsReachableAsync());
            Assert.Empty(await client.Llm.ListLoadedAsync());
        }

        home.Delete(recursive: true);
    }

    [Fact]
    public async Task A_server_that_answers_everything_with_200_is_not_taken_for_LM_Studio()
    {
        await using var server = await ScriptedServer.StartAsync();
        await using var client = new LmStudioClient(Quick(server.Address));
        Assert.True(await client.IsReachableAsync());
        server.Routes["GET /lmstudio-greeting"] = context => Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(
            context.Response, """{"error":"Unexpected endpoint or method. (GET /lmstudio-greeting)"}""");
        Assert.False(await client.IsReachableAsync());
        using var port = new ReservedPort();
        await using var gone = new LmStudioClient(Quick(port.Address));
        Assert.False(await gone.IsReachableAsync());
    }

    [Fact]
    public async Task A_server_behind_TLS_is_reached_by_wss()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        await using var server = await ScriptedServer.StartAsync(certificate: certificate);
        server.Sockets["/llm"] = Empty;
        var options = Quick(new UriBuilder(server.Address) { Scheme = "wss" }.Uri);
        await using var trusting = new LmStudioClient(options with
        {
            ConfigureWebSocket = socket => socket.RemoteCertificateValidationCallback =
                (_, presented, _, _) => presented?.GetCertHashString() == certificate.GetCertHashString(),
        });
        Assert.Empty(await trusting.Llm.ListLoadedAsync());
        await using var wary = new LmStudioClient(options);
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => wary.Llm.ListLoadedAsync());
    }

    [Fact]
    public async Task Disposing_the_client_ends_what_is_pending_and_refuses_what_comes_after()
    {
        var called = new TaskCompletionSource();
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            await socket.ReceiveAsync();
            called.SetResult();
            await socket.StaySilentAsync();
        });
        var client = new LmStudioClient(Quick(server.Address));
        var pending = client.Llm.ListLoadedAsync();
        await called.Task;
        await client.DisposeAsync();
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => pending);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.Llm.ListLoadedAsync());
    }

    private static LmStudioClientOptions Quick(Uri address) => new() { BaseAddress = address, ConnectRetryDelay = TimeSpan.FromMilliseconds(1) };

    private static async Task Empty(ServerSocket socket)
    {
        await socket.AuthenticateAsync();
        await socket.AnswerAllAsync("[]");
    }

    /// <summary>The error after three attempts that each ran into their limit with the server reached.</summary>
    private static async Task<LmStudioConnectionException> ThreeTimeoutsAsync(ScriptedServer server)
    {
        var time = new ManualTime();
        var options = new LmStudioClientOptions { BaseAddress = server.Address, TimeProvider = time, ConnectRetryDelay = TimeSpan.Zero };
        await using var client = new LmStudioClient(options);
        var call = client.Llm.ListLoadedAsync();
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await Eventually.HoldsAsync(() => server.ConnectionsTo("/llm") == attempt);
            time.Advance(options.ConnectTimeout);
        }

        return await Assert.ThrowsAsync<LmStudioConnectionException>(() => call);
    }
}
