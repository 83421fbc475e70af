using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

/// <summary>Reads real files in a folder of its own.</summary>
public sealed class SettingsFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lmgateway-settings-").FullName;
    private readonly string _home;
    private readonly string _work;

    public SettingsFilesTests()
    {
        _home = Directory.CreateDirectory(Path.Combine(_folder, "home")).FullName;
        _work = Directory.CreateDirectory(Path.Combine(_folder, "work")).FullName;
    }

    private string UserFile => Path.Combine(_home, "lmgateway", "lmgateway.yaml");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_file_in_the_working_folder_stands_instead_of_the_users_own()
    {
        Write(UserFile, "node: of-the-user\nlisten:\n  port: 1");
        Assert.Equal(("of-the-user", $"{UserFile} line 1"), Node(Load()));

        Write(Path.Combine(_work, "lmgateway.yaml"), "# mine\nnode: of-the-folder");
        Assert.Equal(("of-the-folder", "lmgateway.yaml line 2"), Node(Load()));
        Assert.Equal(8000, Load().Options.Listen.Port);
    }

    [Fact]
    public void The_file_that_is_given_stands_instead_of_both()
    {
        Write(UserFile, "node: of-the-user");
        Write(Path.Combine(_work, "lmgateway.yaml"), "node: of-the-folder");
        Write(Path.Combine(_work, "sub", "mine.yaml"), "node: given");

        Assert.Equal(("given", "sub/mine.yaml line 1"), Node(Load("sub/mine.yaml")));
    }

    [Fact]
    public void A_given_file_that_is_not_there_is_an_error()
    {
        var loaded = Load("gone.yaml");

        Assert.Equal("--config = \"gone.yaml\" (command line): an existing file is expected", Assert.Single(loaded.Errors).ToString());
    }

    [Fact]
    public void Dot_env_is_read_from_the_working_folder()
    {
        Write(Path.Combine(_work, ".env"), "\n\nLMGATEWAY_NODE=from-dot-env\n");

        Assert.Equal(("from-dot-env", ".env line 3"), Node(Load()));
    }

    [Fact]
    public void In_a_strangers_folder_neither_its_dot_env_nor_its_file_counts()
    {
        Write(Path.Combine(_work, ".env"), "LMSTUDIO_BASE_URL=http://203.0.113.1");
        Write(Path.Combine(_work, "lmgateway.yaml"), "node: of-the-folder");
        Write(UserFile, "node: of-the-user");

        var loaded = Load(trustWorkingFolder: false);

        Assert.Equal(("of-the-user", $"{UserFile} line 1"), Node(loaded));
        Assert.Equal("http://127.0.0.1:1234", loaded.Options.LmStudio.BaseUrl);
    }

    [Fact]
    public void The_state_folder_is_the_users_configuration_folder() =>
        Assert.Equal(Path.Combine(_home, "lmgateway"), Load().Options.StateDir);

    [Fact]
    public void Without_files_the_defaults_hold() =>
        Assert.All(Load().Effective, setting => Assert.Equal(LayerKind.Default, setting.Source.Layer));

    private LoadedSettings Load(string? configFile = null, bool trustWorkingFolder = true) => SettingsLoader.Load(SettingsFiles.Read(new SettingsPlaces
    {
        WorkingFolder = _work,
        Environment = new Dictionary<string, string> { [OperatingSystem.IsWindows() ? "APPDATA" : "XDG_CONFIG_HOME"] = _home },
        ConfigFile = configFile,
        TrustWorkingFolder = trustWorkingFolder,
    }));

    private static (string, string) Node(LoadedSettings loaded) => (loaded.Options.Node, loaded.Effective["node"].Source.Text);

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
