namespace LeanNats.Tests;

public sealed class NatsSubjectTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("a.b.c")]
    [InlineData("$JS.API.STREAM.CREATE.X")]
    [InlineData("a*.b>")]
    [InlineData("größe.日本")]
    public void A_plain_subject_can_be_published_to(string subject)
    {
        NatsSubject.CheckPublish(subject, "subject");
        NatsSubject.CheckSubscribe(subject, "subject");
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("a..b")]
    [InlineData("a b")]
    [InlineData("a\tb")]
    [InlineData("a\r\nPING")]
    [InlineData("a\0")]
    public void What_would_break_the_line_is_refused(string subject)
    {
        Assert.Throws<ArgumentException>(() => NatsSubject.CheckPublish(subject, "subject"));
        Assert.Throws<ArgumentException>(() => NatsSubject.CheckSubscribe(subject, "subject"));
    }

    [Theory]
    [InlineData("*", true)]
    [InlineData("a.*.b", true)]
    [InlineData("a.>", true)]
    [InlineData(">", true)]
    [InlineData("a.>.b", false)]
    [InlineData(">.a", false)]
    public void Wildcards_are_for_subscriptions_only(string subject, bool canSubscribe)
    {
        Assert.Throws<ArgumentException>(() => NatsSubject.CheckPublish(subject, "subject"));
        if (canSubscribe) NatsSubject.CheckSubscribe(subject, "subject");
        else Assert.Throws<ArgumentException>(() => NatsSubject.CheckSubscribe(subject, "subject"));
    }

    [Fact]
    public void A_queue_group_is_one_word()
    {
        NatsSubject.CheckQueueGroup(null, "queueGroup");
        NatsSubject.CheckQueueGroup("lmstudio-workers", "queueGroup");
        Assert.Throws<ArgumentException>(() => NatsSubject.CheckQueueGroup("", "queueGroup"));
        Assert.Throws<ArgumentException>(() => NatsSubject.CheckQueueGroup("two words", "queueGroup"));
    }

    [Fact]
    public void A_subject_longer_than_a_servers_line_is_refused()
    {
        NatsSubject.CheckLength(new string('a', 4000), null, "subject");
        Assert.Throws<ArgumentException>(() => NatsSubject.CheckLength(new string('a', 3000), new string('b', 1001), "subject"));
        Assert.Throws<ArgumentException>(() => NatsSubject.CheckLength(new string('ü', 2001), null, "subject"));
    }

    [Fact]
    public void Ids_are_22_letters_and_never_repeat()
    {
        var ids = new System.Collections.Concurrent.ConcurrentBag<string>();
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 10_000; i++) ids.Add(Nuid.Next());
        });
        Assert.All(ids.Take(1000), id => Assert.Matches("^[0-9A-Za-z]{22}$", id));
        Assert.Equal(80_000, ids.Distinct().Count());
    }
}
