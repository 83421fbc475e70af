using LeanNats.JetStream;
using LeanNats.JetStream.Models;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.JetStream;

public sealed class StreamTests(JetStreamServer shared) : IClassFixture<JetStreamServer>, IAsyncLifetime
{
    private readonly string name = Nuid.Next();
    private NatsConnection nats = null!;
    private NatsJSContext js = null!;

    public ValueTask InitializeAsync()
    {
        nats = shared.Server.Connect();
        js = new NatsJSContext(nats);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => nats.DisposeAsync();

    [Fact]
    public async Task A_stream_is_made_changed_listed_and_deleted()
    {
        var made = await Streams.AddAsync(js, name, config => config with
        {
            Description = "one", MaxAge = TimeSpan.FromHours(1), Retention = StreamConfigRetention.Interest, Storage = StreamConfigStorage.Memory,
            Discard = StreamConfigDiscard.New, AllowDirect = true, MaxMsgs = 10,
        });
        Assert.Equal((TimeSpan.FromHours(1), StreamConfigRetention.Interest), (made.Info.Config.MaxAge, made.Info.Config.Retention));
        Assert.Equal((StreamConfigDiscard.New, StreamConfigStorage.Memory), (made.Info.Config.Discard, made.Info.Config.Storage));
        await Streams.AddAsync(js, name, _ => made.Info.Config); // once more, the same

        var changed = await js.UpdateStreamAsync(made.Info.Config with { Description = "two" });
        Assert.Equal(("two", 10L), (changed.Info.Config.Description, changed.Info.Config.MaxMsgs));
        Assert.Equal(made.Info.Created, (await js.GetStreamAsync(name)).Info.Created);
        Assert.Equal([name], await js.ListStreamNamesAsync($"{name}.x").TakeAsync(2));
        Assert.Equal("two", Assert.Single(await js.ListStreamsAsync($"{name}.x").TakeAsync(2)).Info.Config.Description);
        Assert.True((await js.GetAccountInfoAsync()).Streams > 0);

        await js.DeleteStreamAsync(name);
        var gone = await Assert.ThrowsAsync<NatsJSApiException>(async () => await js.GetStreamAsync(name));
        Assert.Equal((404, JSErrCode.StreamNotFound), (gone.Error.Code, gone.Error.ErrCode));
        Assert.Equal("three", (await js.CreateOrUpdateStreamAsync(made.Info.Config with { Description = "three" })).Info.Config.Description);
    }

    [Fact]
    public async Task Settings_that_this_client_does_not_know_survive_a_change()
    {
        var json = $$"""{"name":"{{name}}","subjects":["{{name}}.>"],"storage":"memory","no_ack":true,"max_consumers":7}""";
        await nats.RequestAsync($"$JS.API.STREAM.CREATE.{name}", json.Bytes());
        var stream = await js.GetStreamAsync(name);
        await js.UpdateStreamAsync(stream.Info.Config with { Description = "new" });
        var info = (await nats.RequestAsync($"$JS.API.STREAM.INFO.{name}")).Text();
        Assert.Contains("\"no_ack\":true", info.Replace(" ", ""));
        Assert.Contains("\"max_consumers\":7", info.Replace(" ", ""));
    }

    [Fact]
    public async Task A_stream_of_another_kind_under_the_same_name_is_refused()
    {
        await Streams.AddAsync(js, name);
        var refused = await Assert.ThrowsAsync<NatsJSApiException>(
            async () => await Streams.AddAsync(js, name, config => config with { MaxMsgs = 3 }));
        Assert.Equal(JSErrCode.StreamNameInUse, refused.Error.ErrCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("*")]
    [InlineData("a/b")]
    public async Task A_name_that_would_change_the_subject_is_refused(string bad) =>
        await Assert.ThrowsAsync<ArgumentException>(async () => await js.GetStreamAsync(bad));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Messages_are_read_by_number_and_by_subject(bool direct)
    {
        var stream = await Streams.AddAsync(js, name, config => config with { AllowDirect = direct });
        await js.PublishAsync($"{name}.a", "1".Bytes(), headers: new NatsHeaders { ["K"] = "v" });
        await js.PublishAsync($"{name}.b", "2".Bytes());
        await js.PublishAsync($"{name}.a", "3".Bytes());
        foreach (var get in new Func<StreamMsgGetRequest, ValueTask<StoredMessage>>[] { r => stream.GetAsync(r), r => stream.GetDirectAsync(r) })
        {
            var first = await get(new StreamMsgGetRequest { Seq = 1 });
            Assert.Equal(($"{name}.a", 1UL, "v", "1"), (first.Subject, first.Seq, first.Headers!["K"].ToString(), Text(first)));
            Assert.InRange(DateTimeOffset.UtcNow - first.Time, TimeSpan.FromHours(-1), TimeSpan.FromHours(1));
            Assert.Equal("3", Text(await get(new StreamMsgGetRequest { LastBySubj = $"{name}.a" })));
            Assert.Equal(3UL, (await get(new StreamMsgGetRequest { Seq = 2, NextBySubj = $"{name}.a" })).Seq);
            var missing = await Assert.ThrowsAsync<NatsJSApiException>(async () => await get(new StreamMsgGetRequest { LastBySubj = $"{name}.c" }));
            Assert.Equal(JSErrCode.NoMessageFound, missing.Error.ErrCode);
        }
    }

    [Fact]
    public async Task Messages_are_deleted_and_purged()
    {
        var stream = await Streams.AddAsync(js, name);
        await Streams.FillAsync(js, name, 6);
        await stream.RefreshAsync($"{name}.>");
        Assert.Equal(new Dictionary<string, ulong> { [$"{name}.0"] = 3, [$"{name}.1"] = 3 }, stream.Info.State.Subjects!);
        Assert.Equal(2UL, await js.PurgeStreamAsync(name, new StreamPurgeRequest { Keep = 4 }));
        Assert.Equal(2UL, await js.PurgeStreamAsync(name, new StreamPurgeRequest { Filter = $"{name}.0" }));
        await js.DeleteMessageAsync(name, 3);
        await stream.RefreshAsync();
        Assert.Equal((1UL, 6UL), (stream.Info.State.Messages, stream.Info.State.LastSeq));
    }

    [Fact]
    public async Task Without_JetStream_requests_fail_at_once()
    {
        await using var server = await NatsServer.StartAsync();
        await using var plain = server.Connect();
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await new NatsJSContext(plain).GetAccountInfoAsync());
    }

    private static string Text(StoredMessage message) => System.Text.Encoding.UTF8.GetString(message.Data.Span);
}
