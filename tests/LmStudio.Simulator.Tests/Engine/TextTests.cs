using System.Text.Json;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Engine;

/// <summary>The pure pieces: splitting, stop strings, schema examples, images, configurations.</summary>
public sealed class TextTests
{
    [Fact]
    public void Splitting_loses_nothing_and_counts_what_it_splits()
    {
        var random = new Random(1);
        const string Alphabet = "ab Zé12,. \n\t-_日本👋🏽ß";
        for (var round = 0; round < 500; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(40)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
            var pieces = Tokenizer.Split(text).ToList();
            Assert.Equal(text, string.Concat(pieces));
            Assert.Equal((pieces.Count, pieces.Count), (Tokenizer.Count(text), Tokenizer.Encode(text).Count));
        }
    }

    [Fact]
    public void An_emoji_stays_in_one_piece() => Assert.Equal(["hi", " 👋", "!"], Tokenizer.Split("hi 👋!"));

    [Fact]
    public void A_stop_string_is_found_however_the_text_is_cut()
    {
        var random = new Random(2);
        for (var round = 0; round < 1000; round++)
        {
            var text = Letters(random, 30);
            string[] stops = [Letters(random, random.Next(1, 4)), Letters(random, random.Next(1, 4))];
            var watch = new StopStrings(stops);
            var passed = "";
            for (var at = 0; at < text.Length && watch.Found is null;)
            {
                var length = Math.Min(random.Next(1, 5), text.Length - at);
                passed += watch.Pass(text.Substring(at, length));
                at += length;
            }

            passed += watch.Rest();
            var first = stops
                .Select(stop => (Start: text.IndexOf(stop, StringComparison.Ordinal), stop))
                .Where(match => match.Start >= 0)
                .OrderBy(match => match.Start + match.stop.Length).ThenBy(match => match.Start)
                .FirstOrDefault((text.Length, null!));
            Assert.Equal((text[..first.Start], first.stop), (passed, watch.Found));
        }
    }

    [Theory]
    [InlineData("""{"type":"string","minLength":6}""", "abc", "\"abcxxx\"")]
    [InlineData("""{"type":"string","maxLength":2}""", "abc", "\"ab\"")]
    [InlineData("""{"type":"string"}""", "call it \"Big Red\" now", "\"Big Red\"")]
    [InlineData("""{"type":"integer","minimum":10}""", "give 3", "10")]
    [InlineData("""{"type":"number","exclusiveMinimum":3}""", "give 3", "4")]
    [InlineData("""{"type":["null","string"]}""", "", "null")]
    [InlineData("""{"const":5}""", "", "5")]
    [InlineData("""{"enum":["red","blue"]}""", "", "\"red\"")]
    [InlineData("""{"default":[1,2]}""", "", "[1,2]")]
    [InlineData("""{"type":"array","items":{"type":"boolean"},"minItems":2}""", "", "[true,true]")]
    [InlineData("""{"anyOf":[{"type":"integer"},{"type":"null"}]}""", "7", "7")]
    [InlineData("""{"type":"object","properties":{"p":{"$ref":"#/$defs/point"}},"$defs":{"point":{"properties":{"x":{"type":"number"}}}}}""", "2.5", """{"p":{"x":2.5}}""")]
    [InlineData("""{"type":"object","additionalProperties":false}""", "hi", "{}")]
    [InlineData("""{"type":"object"}""", "hi", """{"answer":"hi"}""")]
    public void An_example_fits_its_schema(string schema, string text, string expected) =>
        Assert.Equal(expected, SchemaExample.For(JsonElement.Parse(schema), text));

    [Fact]
    public void A_schema_that_contains_itself_ends()
    {
        var example = SchemaExample.For(JsonElement.Parse("""{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"}}}}}"""), "x");
        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(example).ValueKind);
    }

    [Theory]
    [InlineData("89504E47", "image/png")]
    [InlineData("FFD8FFE0", "image/jpeg")]
    [InlineData("474946383961", "image/gif")]
    [InlineData("524946460000000057454250", "image/webp")]
    [InlineData("524946460000000041564920", null)]
    [InlineData("", null)]
    public void Images_are_told_apart_by_their_first_bytes(string hex, string? type) => Assert.Equal(type, ImageFormat.Of(Convert.FromHexString(hex)));

    [Fact]
    public void An_upload_is_found_by_its_identifier_with_its_type()
    {
        var files = new UploadedFiles();
        var picture = files.Add("a.png", Convert.FromBase64String(Rig.Png));
        Assert.Equal(("image", "image/png", "a.png", 67), (picture.FileType, picture.MediaType, picture.Name, picture.Content.Length));
        Assert.Equal(picture, files.Find(picture.Identifier));
        Assert.Equal(["text/plain", "application/pdf", "unknown"], new[] { "a.txt", "b.PDF", "c" }.Select(name => files.Add(name, []).FileType));
        Assert.Null(files.Find("nope"));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"layers":5}""")]
    [InlineData("""{"layers":[{"config":{"fields":[{"key":5,"value":1},{"key":"a"},7]}},8]}""")]
    public void A_configuration_that_makes_no_sense_is_empty(string stack) => Assert.Empty(KvConfig.FromStack(JsonElement.Parse(stack)).Fields);

    [Fact]
    public void A_later_layer_overwrites_an_earlier_one_key_by_key()
    {
        var config = KvConfig.FromStack(JsonElement.Parse("""
            {"layers":[{"config":{"fields":[{"key":"a","value":{"x":1,"y":1}},{"key":"b","value":true}]}},{"config":{"fields":[{"key":"a","value":{"x":2}}]}}]}
            """));
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text)) config.WriteTo(writer);
        Assert.Equal("""{"fields":[{"key":"b","value":true},{"key":"a","value":{"x":2}}]}""", System.Text.Encoding.UTF8.GetString(text.ToArray()));
    }

    private static string Letters(Random random, int length) => new([.. Enumerable.Range(0, length).Select(_ => (char)('a' + random.Next(3)))]);
}
