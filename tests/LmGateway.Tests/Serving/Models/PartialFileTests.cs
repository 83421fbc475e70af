using System.Security.Cryptography;
using LmGateway.Serving.Models;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Models;

/// <summary>A file that arrives in several attempts.</summary>
public sealed class PartialFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("lmgateway-part-").FullName;
    private readonly byte[] content = RandomNumberGenerator.GetBytes(100_000);

    private string Target => Path.Combine(folder, "a", "b", "model.gguf");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_file_has_its_name_only_when_it_is_complete_and_nothing_else_is_left()
    {
        using (var partial = PartialFile.Open(Target, "one"))
        {
            await partial.Content.WriteAsync(content, Token);
            Assert.False(File.Exists(Target));
            partial.Complete();
        }

        Assert.Equal(content, await File.ReadAllBytesAsync(Target, Token));
        Assert.Equal([Target], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Target)!));
    }

    [Fact]
    public async Task A_later_attempt_at_the_same_content_finds_what_the_first_one_left()
    {
        using (var first = PartialFile.Open(Target, "one")) await first.Content.WriteAsync(content, Token);
        using var second = PartialFile.Open(Target, "one");
        Assert.Equal(content.Length, second.Content.Length);
    }

    [Fact]
    public async Task Another_content_begins_anew_and_removes_what_was_left_of_the_old_one_but_not_of_another_file()
    {
        using (var other = PartialFile.Open(Target + ".gguf", "one")) await other.Content.WriteAsync(content, Token);
        using (var first = PartialFile.Open(Target, "one")) await first.Content.WriteAsync(content, Token);
        using var second = PartialFile.Open(Target, "../two");
        Assert.Equal(0, second.Content.Length);
        Assert.Equal(2, Directory.EnumerateFiles(Path.GetDirectoryName(Target)!).Count());
    }

    [Fact]
    public void Two_copies_to_one_place_do_not_mix()
    {
        using var first = PartialFile.Open(Target, "one");
        var refused = Assert.Throws<GatewayException>(() => PartialFile.Open(Target, "one"));
        Assert.Equal(ErrorCode.InstanceInUse, refused.Error.Code);
    }

    [Fact]
    public async Task What_is_given_up_leaves_nothing()
    {
        using (var partial = PartialFile.Open(Target, "one"))
        {
            await partial.Content.WriteAsync(content, Token);
            partial.Discard();
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Target)!));
    }
}
