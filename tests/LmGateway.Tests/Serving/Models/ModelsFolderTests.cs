using LmGateway.Configuration;
using LmGateway.Serving.Models;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Serving.Models;

/// <summary>Nothing outside of the models folder can be named, whatever the names and the links in it.</summary>
public sealed class ModelsFolderTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("lmgateway-models-").FullName;
    private readonly string root;
    private readonly ModelsFolder folder;

    public ModelsFolderTests()
    {
        root = Path.Combine(home, "models");
        Directory.CreateDirectory(root);
        folder = new ModelsFolder(new GatewayOptions { LmStudio = new LmStudioOptions { ModelsDir = root + "/" } });
    }

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    [Trait("req", "S0-43")]
    public void A_file_of_a_model_lies_below_its_publisher_and_its_folder() =>
        Assert.Equal($"{root}/meta-llama/Meta-Llama-3-8B-Instruct/model.gguf", folder.Place("meta-llama", "Meta-Llama-3-8B-Instruct", "model.gguf"));

    [Theory]
    [InlineData("..", "b", "c.gguf")]
    [InlineData("a", "..", "c.gguf")]
    [InlineData("a", "b", "..")]
    [InlineData(".", "b", "c.gguf")]
    [InlineData("", "b", "c.gguf")]
    [InlineData("a/b", "b", "c.gguf")]
    [InlineData("a", @"..\..\b", "c.gguf")]
    [InlineData("/etc", "b", "c.gguf")]
    [InlineData("C:", "b", "c.gguf")]
    [InlineData("a", "b", "c.gguf\0.txt")]
    [InlineData("a", "b\n", "c.gguf")]
    [InlineData("-a", "b", "c.gguf")]
    [InlineData("a", "b ", "c.gguf")]
    [InlineData("a", "b", ".hidden")]
    [Trait("req", "S0-47")]
    public void Names_that_lead_elsewhere_are_refused(string publisher, string modelDir, string file)
    {
        var refused = Assert.Throws<GatewayException>(() => folder.Place(publisher, modelDir, file));
        Assert.Equal(ErrorCode.InvalidRequest, refused.Error.Code);
        Assert.NotNull(refused.Error.Parameter);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../models")]
    [InlineData("../models-of-others/a")]
    [InlineData("a/../..")]
    [InlineData("a/../../other")]
    [InlineData("/etc/passwd")]
    [Trait("req", "S0-33")]
    public void The_folder_itself_and_what_is_outside_of_it_are_refused(string path)
    {
        var refused = Assert.Throws<GatewayException>(() => folder.Confine(Path.Combine(root, path)));
        Assert.Equal(ErrorCode.Forbidden, refused.Error.Code);
    }

    [Theory]
    [InlineData("file.gguf")]
    [InlineData("folder")]
    [InlineData("folder/b")]
    [InlineData("relative/b")]
    [InlineData("chain/b")]
    [InlineData("circle/b")]
    [Trait("req", "S0-33")]
    public void A_link_that_leads_out_is_refused_wherever_it_stands_in_the_path(string path)
    {
        var outside = Directory.CreateDirectory(Path.Combine(home, "outside", "b")).Parent!.FullName;
        File.WriteAllText(Path.Combine(outside, "file"), "");
        File.CreateSymbolicLink(Path.Combine(root, "file.gguf"), Path.Combine(outside, "file"));
        Directory.CreateSymbolicLink(Path.Combine(root, "folder"), outside);
        Directory.CreateSymbolicLink(Path.Combine(root, "relative"), "../outside");
        Directory.CreateSymbolicLink(Path.Combine(root, "chain"), Path.Combine(root, "folder"));
        Directory.CreateSymbolicLink(Path.Combine(root, "circle"), Path.Combine(root, "circle"));
        Assert.Equal(ErrorCode.Forbidden, Assert.Throws<GatewayException>(() => folder.Confine(Path.Combine(root, path))).Error.Code);
    }

    [Fact]
    public void A_models_folder_that_is_a_link_itself_is_used_and_a_link_inside_it_is_followed()
    {
        Directory.CreateSymbolicLink(Path.Combine(home, "link"), root);
        Directory.CreateDirectory(Path.Combine(root, "a", "b"));
        Directory.CreateSymbolicLink(Path.Combine(root, "a", "c"), Path.Combine(root, "a", "b"));
        var linked = new ModelsFolder(new GatewayOptions { LmStudio = new LmStudioOptions { ModelsDir = Path.Combine(home, "link") } });
        Assert.Equal(Path.Combine(root, "a", "b"), linked.Confine(Path.Combine(home, "link", "a", "c")));
        Assert.Equal((2, "a/b"), (linked.Depth(Path.Combine(root, "a", "b")), linked.Relative(Path.Combine(root, "a", "b"))));
    }

    [Fact]
    public void Empty_folders_go_up_to_the_models_folder_which_stays()
    {
        Directory.CreateDirectory(Path.Combine(root, "a", "b", "c"));
        Directory.CreateDirectory(Path.Combine(root, "d", "e"));
        File.WriteAllText(Path.Combine(root, "d", "kept"), "");
        folder.Prune(Path.Combine(root, "a", "b", "c"));
        folder.Prune(Path.Combine(root, "d", "e"));
        Assert.Equal([Path.Combine(root, "d")], Directory.EnumerateDirectories(root));
        Assert.Equal([Path.Combine(root, "d", "kept")], Directory.EnumerateFileSystemEntries(Path.Combine(root, "d")));
    }

    [Fact]
    [Trait("req", "S0-29")]
    public void The_home_folder_stands_for_the_tilde_and_the_usual_place_is_below_it()
    {
        var usual = new ModelsFolder(new GatewayOptions());
        Assert.Equal(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".lmstudio", "models", "ibm-granite", "granite-3.0-2b-instruct"), usual.Usual("ibm-granite/granite-3.0-2b-instruct"));
    }
}
