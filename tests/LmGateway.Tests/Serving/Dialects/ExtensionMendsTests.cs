using LmGateway.Serving.Dialects;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

public sealed class ExtensionMendsTests
{
    private const string Request = """{"model":"m","top_k":3,"microstat_mode":1,"extensions":{"min_p":0.1,"x":1,"temperature":1},"messages":[{"role":"user","content":"hi"}]}""";

    [Fact]
    public void To_a_server_that_refuses_unknown_parameters_they_are_not_sent()
    {
        var mended = Mend(new ExtensionUse(new HashSet<string>(), RefusesOthers: true));
        Assert.Equal("""{"temperature":1,"model":"m","messages":[{"role":"user","content":"hi"}]}""", Wire.Text(mended.Body));
        Assert.Equal(["top_k", "min_p", "mirostat_mode", "x"], mended.Ignored);
    }

    [Fact]
    public void Such_a_server_gets_what_it_takes()
    {
        var mended = Mend(new ExtensionUse(new HashSet<string> { "top_k", "mirostat_mode" }, RefusesOthers: true));
        Assert.Equal("""{"temperature":1,"model":"m","top_k":3,"mirostat_mode":1,"messages":[{"role":"user","content":"hi"}]}""", Wire.Text(mended.Body));
        Assert.Equal(["min_p", "x"], mended.Ignored);
    }

    [Fact]
    public void Where_nobody_knows_what_the_server_takes_all_is_sent_and_nothing_said()
    {
        var mended = Mend(default);
        Assert.Equal("""{"min_p":0.1,"x":1,"temperature":1,"model":"m","top_k":3,"mirostat_mode":1,"messages":[{"role":"user","content":"hi"}]}""", Wire.Text(mended.Body));
        Assert.Empty(mended.Ignored);
    }

    [Fact]
    public void What_stands_at_the_top_level_counts() =>
        Assert.Equal(
            """{"model":"m","mirostat_mode":1,"messages":[{"role":"user","content":"hi"}]}""",
            Wire.Text(Wire.Mend(Wire.Peek("""{"model":"m","microstat_mode":1,"extensions":{"mirostat_mode":2,"model":"other"},"messages":[{"role":"user","content":"hi"}]}"""), new RequestMendOptions()).Body));

    private static MendedRequest Mend(ExtensionUse use) => Wire.Mend(Wire.Peek(Request), new RequestMendOptions { Extensions = use });
}
