using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

public sealed class DotEnvFileTests
{
    [Theory]
    [InlineData("NAME=value", "value")]
    [InlineData("  NAME = value  ", "value")]
    [InlineData("export NAME=value", "value")]
    [InlineData("NAME=value # comment", "value")]
    [InlineData("NAME=value\t#comment", "value")]
    [InlineData("NAME=va#lue", "va#lue")]
    [InlineData("NAME=a=b", "a=b")]
    [InlineData("NAME=\"a # b\" # comment", "a # b")]
    [InlineData("NAME='a \\n \"b\"'", "a \\n \"b\"")]
    [InlineData("NAME=\"a\\nb\\t\\\"c\\\"\\\\ \\$d\"", "a\nb\t\"c\"\\ $d")]
    [InlineData("NAME=\"C:\\Users\\ada\"", "C:\\Users\\ada")]
    [InlineData("NAME=%USERPROFILE%\\.lmstudio", "%USERPROFILE%\\.lmstudio")]
    [InlineData("NAME=one\nNAME=two", "two")]
    [InlineData("NAME=value\r\nOTHER=x\r\n", "value")]
    public void A_line_is_read_as_a_shell_reads_it(string text, string value) =>
        Assert.Equal(value, Read(text).Values["NAME"].Text);

    [Theory]
    [InlineData("")]
    [InlineData("# NAME=value")]
    [InlineData("   # NAME=value")]
    [InlineData("NAME=")]
    [InlineData("NAME=''")]
    [InlineData("NAME= # nothing")]
    public void Comments_and_empty_values_set_nothing(string text) => Assert.Empty(Read(text).Values);

    [Fact]
    public void A_quoted_value_may_run_over_lines_and_lines_are_still_counted()
    {
        var layer = Read("KEY=\"-----BEGIN\nabc\n-----END\"\nNAME=value");

        Assert.Equal("-----BEGIN\nabc\n-----END", layer.Values["KEY"].Text);
        Assert.Equal(".env line 4", layer.Values["NAME"].Source.Text);
    }

    [Fact]
    public void Lines_that_are_no_settings_are_passed_over_with_a_warning()
    {
        var loaded = Given.FromDotEnv("hello\nset -a\n1X=2\nOPEN=\"never closed\nPORT=8005");

        Assert.Equal(8005, loaded.Options.Listen.Port);
        Assert.Equal(
            [
                ".env line 1 is ignored: NAME=value is expected.",
                ".env line 2 is ignored: NAME=value is expected.",
                ".env line 3 is ignored: NAME=value is expected.",
                ".env line 4 is ignored: the closing \" is missing.",
            ],
            loaded.Warnings);
        Assert.Empty(loaded.Errors);
    }

    private static SettingsLayer Read(string text) => DotEnvFile.Read(new SettingsText(".env", text), new SettingsProblems());
}
