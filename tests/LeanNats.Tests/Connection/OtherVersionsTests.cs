using System.Diagnostics;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Connection;

/// <summary>Servers of other versions than the installed one.</summary>
public sealed class OtherVersionsTests(TestCertificates certificates) : IClassFixture<TestCertificates>
{
    private const string Oldest = "2.10.27";
    private const string Newest = "2.15.1";

    [Theory]
    [InlineData(Oldest)]
    [InlineData(Newest)]
    [Trait("run", "long")]
    public async Task Every_test_of_this_suite_passes_against_the_version(string version)
    {
        var program = await ServerVersions.FetchAsync(version);
        var suite = new ProcessStartInfo("dotnet", [typeof(OtherVersionsTests).Assembly.Location, "-noLogo", "-noColor", "-trait-", "run=long"])
        {
            UseShellExecute = false, RedirectStandardOutput = true,
        };
        suite.Environment["LEANNATS_SERVER"] = program;
        using var process = Process.Start(suite)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            Assert.True(process.ExitCode == 0, output);
            Assert.Contains("Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    [Theory]
    [InlineData(Oldest)]
    [InlineData(Newest)]
    [Trait("run", "long")]
    public async Task A_server_that_wants_tls_before_the_first_word_gets_it_and_again_after_a_restart(string version)
    {
        await using var server = await StartAsync(version, certificates.ServerConfig(more: "handshake_first: true"));
        var tls = new NatsTlsOpts { CaFile = certificates.CaFile, Mode = NatsTlsMode.Implicit };
        await using var nats = server.Connect(opts => opts with { TlsOpts = tls, ReconnectWaitMin = TimeSpan.FromMilliseconds(5) });
        await using var subscription = await nats.SubscribeCoreAsync("a");
        await nats.PublishConfirmedAsync("a", "x".Bytes());
        Assert.Equal("x", (await subscription.NextAsync()).Text());
        Assert.Equal(version, nats.ServerInfo!.Version);
        await server.RestartAsync();
        await nats.PublishConfirmedUntilSentAsync("a");
        await subscription.NextAsync();

        // Who waits for the server's first word waits in vain, and in bounded time.
        await using var polite = server.Connect(opts => opts with { TlsOpts = tls with { Mode = NatsTlsMode.Auto }, ConnectTimeout = TimeSpan.FromMilliseconds(300) });
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await polite.ConnectAsync());
    }

    [Theory]
    [InlineData(NatsTlsMode.Implicit)]
    [InlineData(NatsTlsMode.Auto)]
    [Trait("run", "long")]
    public async Task A_server_that_takes_tls_first_or_later_takes_both(NatsTlsMode mode)
    {
        await using var server = await StartAsync(Newest, certificates.ServerConfig(more: "handshake_first: auto"));
        await using var nats = server.Connect(opts => opts with { TlsOpts = new NatsTlsOpts { CaFile = certificates.CaFile, Mode = mode } });
        await nats.FlushAsync();
    }

    [Fact]
    [Trait("run", "long")]
    public async Task A_newer_server_names_the_subject_that_nobody_serves()
    {
        await using var server = await StartAsync(Newest);
        await using var nats = server.Connect();
        await using var inbox = await nats.SubscribeCoreAsync(nats.NewInbox());
        await nats.PublishAsync("nobody", "x".Bytes(), replyTo: inbox.Subject);
        var answer = await inbox.NextAsync();
        Assert.True(answer.HasNoResponders);
        Assert.Equal("nobody", Assert.Throws<NatsNoRespondersException>(() => answer.EnsureSuccess()).Subject);
    }

    [Fact]
    [Trait("run", "long")]
    public async Task A_newer_server_tells_twice_about_itself_and_the_last_word_counts()
    {
        await using var server = await StartAsync(Newest, "max_payload: 1000");
        await using var nats = server.Connect();
        await nats.FlushAsync();
        await nats.FlushAsync();
        Assert.Equal(1000, nats.ServerInfo!.MaxPayload);
        await Assert.ThrowsAsync<NatsPayloadTooLargeException>(async () => await nats.PublishAsync("a", new byte[1001]));
        Assert.Equal(NatsConnectionState.Open, nats.ConnectionState);
    }

    [Fact]
    public async Task A_version_that_cannot_be_had_is_an_error_that_names_it()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerVersions.FetchAsync("1.2.3"));
        Assert.Contains("1.2.3", error.Message, StringComparison.Ordinal);
    }

    private static async Task<NatsServer> StartAsync(string version, string config = "") =>
        await NatsServer.StartAsync(config, program: await ServerVersions.FetchAsync(version));
}
