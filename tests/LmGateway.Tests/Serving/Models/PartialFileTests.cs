using System.Security.Cryptography;
using LmGateway.Serving.Models;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Models;

/// <summary>A file that arrives in pieces and in several attempts.</summary>
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
        await using (var partial = await PartialFile.OpenAsync(Target, "one", Token))
        {
            await partial.AppendAsync(content, 7, Token);
            Assert.Equal($"SHA-256={Convert.ToBase64String(SHA256.HashData(content)).Replace('+', '-').Replace('/', '_')}", partial.Digest());
            Assert.False(File.Exists(Target));
            partial.Complete();
        }

        Assert.Equal(content, await File.ReadAllBytesAsync(Target, Token));
        Assert.Equal([Target], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Target)!));
    }

    [Fact]
    public async Task A_later_attempt_goes_on_where_the_first_was_left()
    {
        await using (var first = await PartialFile.OpenAsync(Target, "one", Token)) await first.AppendAsync(content.AsMemory(0, 60_000), 41, Token);
        await using var second = await PartialFile.OpenAsync(Target, "one", Token);
        Assert.Equal((60_000, 41ul), (second.Length, second.Sequence));
        await second.AppendAsync(content.AsMemory(60_000), 42, Token);
        Assert.EndsWith(Convert.ToBase64String(SHA256.HashData(content)).Replace('+', '-').Replace('/', '_'), second.Digest(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_lies_behind_the_note_is_cut_off_and_a_note_without_its_bytes_counts_for_nothing()
    {
        await using (var first = await PartialFile.OpenAsync(Target, "one", Token)) await first.AppendAsync(content.AsMemory(0, 1000), 5, Token);
        var part = Directory.EnumerateFiles(Path.GetDirectoryName(Target)!, "*.part").Single();
        await File.AppendAllTextAsync(part, "written, but not noted any more", Token);
        await using (var second = await PartialFile.OpenAsync(Target, "one", Token)) Assert.Equal((1000, 5ul), (second.Length, second.Sequence));

        await using (var cut = new FileStream(part, FileMode.Open)) cut.SetLength(999);
        await using (var third = await PartialFile.OpenAsync(Target, "one", Token)) Assert.Equal((0, 0ul), (third.Length, third.Sequence));
        await File.WriteAllTextAsync(part + ".at", "torn", Token);
        await using var fourth = await PartialFile.OpenAsync(Target, "one", Token);
        Assert.Equal(0, fourth.Length);
    }

    [Fact]
    public async Task Another_content_begins_anew_and_removes_what_was_left_of_the_old_one()
    {
        await using (var first = await PartialFile.OpenAsync(Target, "one", Token)) await first.AppendAsync(content, 5, Token);
        await using var second = await PartialFile.OpenAsync(Target, "two", Token);
        Assert.Equal(0, second.Length);
        Assert.All(Directory.EnumerateFiles(Path.GetDirectoryName(Target)!), file => Assert.Contains(".two.part", file, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_copies_to_one_place_do_not_mix()
    {
        await using var first = await PartialFile.OpenAsync(Target, "one", Token);
        var refused = await Assert.ThrowsAsync<GatewayException>(() => PartialFile.OpenAsync(Target, "one", Token));
        Assert.Equal(ErrorCode.InstanceInUse, refused.Error.Code);
    }

    [Fact]
    public async Task What_is_given_up_leaves_nothing()
    {
        await using (var partial = await PartialFile.OpenAsync(Target, "one", Token))
        {
            await partial.AppendAsync(content, 5, Token);
            partial.Discard();
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Target)!));
    }
}
