using System.Text.RegularExpressions;
using System.Xml.Linq;
using LmGateway.Configuration;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace LmGateway.Tests.Shipping;

/// <summary>
/// The container files and the unit file, read and compared with what they name: paths, ports, settings. They are not run here: there is no
/// container engine and no systemd; docs/operations.md says so.
/// </summary>
public sealed partial class ContainerFilesTests
{
    private const string Unit = "scripts/inference-server.service";

    private static readonly IReadOnlyList<(string Word, string Text)> Instructions =
        [.. Read("Dockerfile").Replace("\\\n", " ").Split('\n').Where(line => line.Length > 0 && !line.StartsWith('#')).Select(line => (line.Split(' ')[0], line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..].Trim()))];

    private static readonly YamlMappingNode Service = ReadService();

    [Fact]
    public void The_image_is_built_and_run_on_the_NET_that_the_service_is_written_for()
    {
        var framework = XDocument.Parse(Read("Directory.Build.props")).Descendants("TargetFramework").Single().Value.Replace("net", "", StringComparison.Ordinal);
        var images = All("FROM").Select(image => image.Split(' ')[0]).ToList();
        Assert.Equal([$"mcr.microsoft.com/dotnet/sdk:{framework}", $"mcr.microsoft.com/dotnet/aspnet:{framework}"], images);
    }

    [Fact]
    public void Every_path_that_the_image_is_made_from_is_there_and_reaches_the_builder()
    {
        var ignored = Read(".dockerignore").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var copy in All("COPY"))
        {
            var words = copy.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0].StartsWith("--from=", StringComparison.Ordinal))
            {
                // What an earlier stage made: the folder that its publish wrote.
                Assert.Contains(All("FROM"), image => image.EndsWith($" AS {words[0][7..]}", StringComparison.Ordinal));
                Assert.Contains(All("RUN"), run => run.EndsWith($"-o {words[1]}", StringComparison.Ordinal));
                continue;
            }

            Assert.All(words[..^1], source => Assert.True(Path.Exists(Path.Combine(Repository.Root, source)), source));
        }

        var projects = All("RUN").SelectMany(run => PathLike().Matches(run)).Select(match => match.Value).ToList();
        Assert.NotEmpty(projects);
        Assert.All(projects, path =>
        {
            Assert.True(File.Exists(Path.Combine(Repository.Root, path)), path);
            Assert.DoesNotContain(ignored, entry => path.StartsWith(entry, StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task The_image_starts_the_program_that_is_published()
    {
        var program = Regex.Match(All("ENTRYPOINT").Single(), """^\["\./(?<name>[^"]+)"\]$""", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups["name"].Value;
        var file = new FileInfo(Path.Combine(await ShippedFiles.BuildAsync("linux-x64-framework-dependent"), program));
        Assert.True(file.Exists);
        Assert.True(OperatingSystem.IsWindows() || file.UnixFileMode.HasFlag(UnixFileMode.OtherExecute));
        Assert.Equal("$APP_UID", All("USER").Single());
    }

    [Fact]
    public void The_container_publishes_the_port_that_the_service_listens_on_and_to_this_machine_alone()
    {
        var port = Setting("INFERENCE_SERVER_PORT");
        Assert.Equal(port, All("EXPOSE").Single());
        Assert.Equal([$"127.0.0.1:{port}:{port}"], Texts("ports"));
    }

    [Fact]
    public void The_containers_state_outlives_it_and_belongs_to_its_user()
    {
        var folder = Setting("LMGATEWAY_STATE_DIR");
        Assert.Equal([$"state:{folder}"], Texts("volumes"));
        Assert.Contains(All("RUN"), run => run.Contains($"mkdir -p {folder}", StringComparison.Ordinal) && run.Contains($"chown \"$APP_UID\" {folder}", StringComparison.Ordinal));
        Assert.Contains("state", ((YamlMappingNode)Root()["volumes"]).Children.Keys.Select(key => key.ToString()));
        Assert.Equal(".", Service["build"].ToString());
    }

    [Fact]
    public void The_containers_settings_are_settings_and_the_service_would_start_with_them()
    {
        var environment = Texts("environment").Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.All(environment.Keys, name => Assert.True(SettingTable.HasEnvironmentName(name), name));
        Assert.Empty(Configuration.Given.FromEnvironment([.. environment.Select(pair => (pair.Key, pair.Value))]).Errors);
        Assert.Contains($"{new Uri(environment["INFERENCE_INFERENCE_BASE_URL"]).Host}:host-gateway", Texts("extra_hosts"));
    }

    [Fact]
    public void The_unit_files_settings_are_settings_and_its_folders_agree()
    {
        var lines = Read(Unit).Split('\n').Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#')).Select(line => line.Split('=', 2)).ToLookup(pair => pair[0], pair => pair[1]);
        var environment = lines["Environment"].Select(pair => pair.Trim('"').Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.All(environment.Keys, name => Assert.True(SettingTable.HasEnvironmentName(name), name));
        var state = $"%S/{lines["StateDirectory"].Single()}";
        Assert.Equal(state, environment["LMGATEWAY_STATE_DIR"]);
        Assert.Equal(state, lines["WorkingDirectory"].Single());
        Assert.Contains($"/usr/local/bin/{Path.GetFileNameWithoutExtension(Unit)}", lines["ExecStart"]);
        Assert.Contains($"cp {Unit} ", Read(Unit), StringComparison.Ordinal);
        environment.Remove("LMGATEWAY_STATE_DIR");
        Assert.Empty(Configuration.Given.FromEnvironment([.. environment.Select(pair => (pair.Key, pair.Value))]).Errors);
    }

    private static IReadOnlyList<string> All(string word) => [.. Instructions.Where(instruction => instruction.Word == word).Select(instruction => instruction.Text)];

    private static string Setting(string name) => Texts("environment").Single(pair => pair.StartsWith($"{name}=", StringComparison.Ordinal))[(name.Length + 1)..];

    private static IReadOnlyList<string> Texts(string key) => [.. ((YamlSequenceNode)Service[key]).Select(item => item.ToString())];

    private static YamlMappingNode Root()
    {
        var yaml = new YamlStream();
        using var text = new StringReader(Read("compose.yaml"));
        yaml.Load(text);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    private static YamlMappingNode ReadService() => (YamlMappingNode)((YamlMappingNode)Root()["services"])["inference-server"];

    private static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    [GeneratedRegex(@"\bsrc/\S+", RegexOptions.None, 1000)]
    private static partial Regex PathLike();
}
