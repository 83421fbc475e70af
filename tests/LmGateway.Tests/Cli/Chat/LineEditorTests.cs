using LmGateway.Cli.Chat;
using Xunit;

namespace LmGateway.Tests.Cli.Chat;

public sealed class LineEditorTests
{
    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("abc<Backspace>", "ab")]
    [InlineData("abc<LeftArrow><LeftArrow>x", "axbc")]
    [InlineData("abc<Home>x<End>y", "xabcy")]
    [InlineData("abc<Home><Delete>", "bc")]
    [InlineData("one two<^W>x", "one x")]
    [InlineData("one two<LeftArrow><LeftArrow><^K>", "one t")]
    [InlineData("one two<LeftArrow><LeftArrow><^U>", "wo")]
    [InlineData("abc<^A><RightArrow>x<^E>y", "axbcy")]
    [InlineData("<Backspace><LeftArrow><Delete><^W><^K><^U>a", "a")]
    [InlineData("new<UpArrow>", "second")]
    [InlineData("new<UpArrow><UpArrow><UpArrow>", "first")]
    [InlineData("new<UpArrow><UpArrow><DownArrow><DownArrow><DownArrow>", "new")]
    [InlineData("<UpArrow>!", "second!")]
    [InlineData("<F5><Tab>ü", "ü")]
    public void Keys_do_what_they_do_in_shells(string keys, string expected)
    {
        var editor = new LineEditor(["first", "second"]);
        foreach (var key in Keys(keys)) Assert.Equal(LineEnd.None, editor.Press(key));
        Assert.Equal(expected, editor.Text);
    }

    [Fact]
    public void Enter_takes_the_line_and_control_D_leaves_only_an_empty_one()
    {
        var editor = new LineEditor([]);
        Assert.Equal(LineEnd.Left, editor.Press(Keys("<^D>").Single()));
        foreach (var key in Keys("ab<Home>")) editor.Press(key);
        Assert.Equal(LineEnd.None, editor.Press(Keys("<^D>").Single()));
        Assert.Equal(LineEnd.Taken, editor.Press(Keys("<Enter>").Single()));
        Assert.Equal("b", editor.Text);
    }

    [Fact]
    public void A_line_longer_than_the_terminal_slides_and_never_wraps()
    {
        var editor = new LineEditor([]);
        foreach (var key in Keys(new string('a', 60) + "end")) editor.Press(key);
        var shown = editor.Draw(40).Split('\e')[0];
        Assert.Equal(39, shown.Trim('\r').Length);
        Assert.EndsWith("end", shown, StringComparison.Ordinal);
        editor.Press(Keys("<Home>").Single());
        Assert.EndsWith("\r\e[2C", editor.Draw(40), StringComparison.Ordinal);
        Assert.Equal("\r> aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", editor.Draw(40).Split('\e')[0]);
    }

    private static IEnumerable<ConsoleKeyInfo> Keys(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '<')
            {
                yield return new ConsoleKeyInfo(text[at], ConsoleKey.None, shift: false, alt: false, control: false);
                continue;
            }

            var end = text.IndexOf('>', at);
            var name = text[(at + 1)..end];
            var control = name.StartsWith('^');
            yield return new ConsoleKeyInfo(control ? (char)(name[1] - 'A' + 1) : '\0', Enum.Parse<ConsoleKey>(name.TrimStart('^')), shift: false, alt: false, control);
            at = end;
        }
    }
}
