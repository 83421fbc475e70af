using System.Text.Json;
using System.Text.RegularExpressions;
using LmGateway.Tests.Configuration;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace LmGateway.Tests.Functional.Provider;

/// <summary>The service files: what the document prints, and what the repository ships, start the built program as they stand.</summary>
public sealed class DeploymentTests : IDisposable
{
    private const string Document = "the document";

    private readonly string folder = Directory.CreateTempSubdirectory("lmgateway-service-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [Trait("req", "S2-54")]
    [InlineData(Document)]
    [InlineData("scripts/inference-server.service")]
    public async Task The_systemd_unit_runs_the_service(string source)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is part of Linux.");
        var unit = Lines(source == Document ? Fence("ini") : File.ReadAllText(Path.Combine(Repository.Root, source)));
        Assert.Equal(("simple", "inference", "always"), (Only(unit, "Type"), Only(unit, "User"), Only(unit, "Restart")));
        Assert.Equal(("network.target", "multi-user.target"), (Only(unit, "After"), Only(unit, "WantedBy")));
        Assert.Equal("/usr/local/bin/inference-server", Only(unit, "ExecStart"));
        var environment = unit.Where(entry => entry.Key == "Environment").Select(entry => entry.Value.Trim('"').Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1].Replace("%S", folder, StringComparison.Ordinal));
        Assert.Equal(("lmstudio", "http://localhost:1234"), (environment["INFERENCE_INFERENCE_PROVIDER"], environment["INFERENCE_INFERENCE_BASE_URL"]));

        // The unit's program is a link to the built one.
        var link = Path.Combine(folder, "inference-server-link");
        File.CreateSymbolicLink(link, ProgramUnderTest.Executable);
        await using var program = await ProgramUnderTest.StartAsync([link], environment, folder);
        Assert.Contains("LM Studio at http://localhost:1234 (environment INFERENCE_INFERENCE_BASE_URL)", program.Said, StringComparison.Ordinal);
        var health = JsonElement.Parse(await program.Http.GetStringAsync("/health", TestContext.Current.CancellationToken));
        Assert.Equal("lmstudio", health.GetProperty("provider").GetString());
        Assert.Equal(3, health.GetProperty("http_config").GetProperty("max_retries").GetInt32());
        Assert.Equal(0, await program.StopAsync());
    }

    [Theory]
    [Trait("req", "S2-53")]
    [Trait("req", "S2-17")]
    [Trait("req", "S2-18")]
    [Trait("req", "S2-56")]
    [InlineData(Document)]
    [InlineData("compose.yaml")]
    public async Task The_compose_file_runs_the_service(string source)
    {
        var service = Service(source == Document ? Fence("yaml", "services:") : await File.ReadAllTextAsync(Path.Combine(Repository.Root, source), TestContext.Current.CancellationToken));
        Assert.Equal(".", ((YamlScalarNode)service["build"]).Value);
        Assert.Matches("^(127.0.0.1:)?3000:3000$", Assert.Single(Texts(service["ports"])));
        var environment = Texts(service["environment"]).Select(text => text.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.Equal(
            ("lmstudio", "http://lm-studio:1234", "local-model"),
            (environment["INFERENCE_INFERENCE_PROVIDER"], environment["INFERENCE_INFERENCE_BASE_URL"], environment["INFERENCE_INFERENCE_DEFAULT_MODEL"]));
        var loaded = Given.Load(new Given { Environment = new Dictionary<string, string>(environment) });
        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Warnings);
        if (source != Document) Assert.Equal(("0.0.0.0", 3000), (loaded.Options.Listen.Host, loaded.Options.Listen.Port));

        await using var server = await SimulatorServer.StartAsync(
            new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 0, ExtraModels = ["local-model"] }, cancellationToken: TestContext.Current.CancellationToken);
        environment["INFERENCE_INFERENCE_BASE_URL"] = server.Address.ToString();
        environment["LMGATEWAY_STATE_DIR"] = folder;
        environment["RUST_LOG"] = "debug";
        await using var program = await ProgramUnderTest.StartAsync([ProgramUnderTest.Executable], environment, folder);
        using var response = await program.Http.SendAsync(GatewayUnderTest.Request("/v1/chat/completions", """{"messages":[{"role":"user","content":"count to 3"}]}"""), TestContext.Current.CancellationToken);
        Assert.Equal("local-model", JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("model").GetString());
        // What the document says to follow stands in the request's line: duration, first piece, queue, load, tokens.
        await Eventually.TrueAsync(() => Regex.IsMatch(program.Log, @"local-model Done in \d+ ms \(\d+ ms to the first piece, queued \d+ ms, load \d+ ms\), \d+\+\d+ tokens", RegexOptions.None, TimeSpan.FromSeconds(1)), "the request is logged");
        if (OperatingSystem.IsLinux()) Assert.Equal(0, await program.StopAsync());
    }

    private static List<KeyValuePair<string, string>> Lines(string unit) =>
        [.. from line in unit.Split('\n')
            where line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#')
            let pair = line.Trim().Split('=', 2)
            select KeyValuePair.Create(pair[0], pair[1])];

    private static string Only(List<KeyValuePair<string, string>> unit, string key) => Assert.Single(unit, entry => entry.Key == key).Value;

    private static YamlMappingNode Service(string compose)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(compose));
        return (YamlMappingNode)yaml.Documents[0].RootNode["services"]["inference-server"];
    }

    private static IEnumerable<string> Texts(YamlNode list) => ((YamlSequenceNode)list).Select(node => ((YamlScalarNode)node).Value!);

    private static string Fence(string language, string containing = "")
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "sources", "2-openai-provider.md"));
        return text.Split($"```{language}\n").Skip(1).Select(block => block.Split("```")[0]).Single(block => block.Contains(containing, StringComparison.Ordinal));
    }
}
