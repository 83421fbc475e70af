using System.Diagnostics;
using System.Text.Json;
using LmGateway.Backends.Mock;
using LmGateway.Tests.Functional;
using LmGateway.Tests.Functional.Provider;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>Blocks of the documents that are neither commands nor settings: what they are for is done with them.</summary>
public sealed class DocumentedFragmentsTests
{
    [Fact]
    public void The_canned_replies_are_read()
    {
        var file = MockFileReader.Read("printed.yaml", Block("docs/provider.md", "Providers").Text);
        Assert.Equal((MockMode.Sequential, TimeSpan.FromMilliseconds(50)), (file.Mode, file.ChunkDelay));
        Assert.Equal("Hello there.", file.Choose(0).Text);
        Assert.Contains("get_weather", file.Choose(1).ToolCalls, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_body_with_an_image_is_answered()
    {
        const string Pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
        await using var gateway = await GatewayUnderTest.StartAsync();
        var body = Block("docs/rest-api.md", "Images").Text.Replace("…", Pixel, StringComparison.Ordinal);
        var (status, reply) = await gateway.PostJsonAsync("/chat/vision", body);
        Assert.True(status == 200, reply.GetRawText());
        Assert.NotEmpty(reply.GetProperty("content").GetString()!);
    }

    [Fact]
    public async Task The_entry_of_a_clients_configuration_starts_a_server_that_answers()
    {
        var entry = JsonElement.Parse(Block("docs/mcp.md", "Set it up").Text).GetProperty("mcpServers").GetProperty("lmgateway");
        Assert.Equal("lmgateway", entry.GetProperty("command").GetString());
        var home = Directory.CreateTempSubdirectory("lmgateway-entry-");
        var start = new ProcessStartInfo(ProgramUnderTest.Executable, entry.GetProperty("args").EnumerateArray().Select(word => word.GetString()!))
        {
            UseShellExecute = false, WorkingDirectory = home.FullName, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var variable in entry.GetProperty("env").EnumerateObject()) start.Environment[variable.Name] = variable.Value.GetString();
        start.Environment["HOME"] = start.Environment["XDG_CONFIG_HOME"] = home.FullName;
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath);
        using var server = Process.Start(start)!;
        server.BeginErrorReadLine();
        await server.StandardInput.WriteLineAsync("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}""");
        await server.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        var reply = JsonElement.Parse((await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken))!);
        Assert.Equal("2025-11-25", reply.GetProperty("result").GetProperty("protocolVersion").GetString());
        server.StandardInput.Close();
        await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        home.Delete(recursive: true);
    }

    /// <summary>The first block below the heading that says it is run here.</summary>
    private static Fence Block(string page, string heading) =>
        Fence.Read(File.ReadAllText(Path.Combine(Repository.Root, page))).First(fence => fence.Heading == heading && fence.Remark == $"run by: {nameof(DocumentedFragmentsTests)}");
}
