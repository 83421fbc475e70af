using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;
using LmGateway.Tests.Examples;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Shipping;

/// <summary>Both packages, taken from a folder as from a package source and used by somebody who has nothing else.</summary>
public sealed class PackagesTests : IDisposable
{
    private readonly string workplace = Directory.CreateTempSubdirectory("lmgateway-packages-").FullName;

    public void Dispose() => Directory.Delete(workplace, recursive: true);

    [Fact]
    public async Task The_tool_is_installed_and_runs()
    {
        await ShippedFiles.DotnetAsync(workplace, "tool", "install", "lmgateway", "--tool-path", "tools", "--version", ShippedFiles.Version);
        var start = new ProcessStartInfo(Path.Combine(workplace, "tools", "lmgateway"), ["doctor", "--help"]) { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath);
        using var tool = Process.Start(start)!;
        var said = await tool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, tool.ExitCode);
        Assert.Contains("lmgateway doctor", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_with_nothing_but_the_client_package_lists_loads_and_asks()
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "src", "LmStudio.Client", "README.md"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(workplace, "Program.cs"), Fence.Read(readme).Single(fence => fence.Language == "csharp").Text, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(workplace, "Consumer.csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable><TreatWarningsAsErrors>true</TreatWarningsAsErrors></PropertyGroup>
              <ItemGroup><PackageReference Include="LmStudio.Client" Version="{ShippedFiles.Version}" /></ItemGroup>
            </Project>
            """,
            TestContext.Current.CancellationToken);
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.FromMilliseconds(30), TokensPerSecond = 0 }, cancellationToken: TestContext.Current.CancellationToken);

        var said = await ShippedFiles.DotnetAsync(workplace, "run", "--", simulator.Address.ToString());

        Assert.Contains("qwen2-1.5b-instruct  1.5B", said, StringComparison.Ordinal);
        Assert.Contains("loaded as qwen2-1.5b-instruct, 0 settings not applied", said, StringComparison.Ordinal);
        Assert.Contains("1, 2, 3, 4, 5", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LmGateway")]
    [InlineData("LmStudio.Client")]
    public async Task A_package_says_what_it_is_with_the_one_version_a_licence_and_a_readme(string id)
    {
        using var package = await ZipFile.OpenReadAsync(Path.Combine(await ShippedFiles.FolderAsync(), $"{id}.{ShippedFiles.Version}.nupkg"), TestContext.Current.CancellationToken);
        await using var stream = await package.GetEntry($"{id}.nuspec")!.OpenAsync(TestContext.Current.CancellationToken);
        var about = (await XDocument.LoadAsync(stream, LoadOptions.None, TestContext.Current.CancellationToken)).Root!.Elements().Single();
        string Text(string name) => about.Elements().Single(element => element.Name.LocalName == name).Value;
        Assert.Equal(ShippedFiles.Version, Text("version"));
        Assert.Equal("MIT", Text("license"));
        Assert.NotEmpty(Text("description"));
        Assert.NotNull(package.GetEntry(Text("readme")));
        Assert.DoesNotContain(about.Descendants(), element => element.Name.LocalName == "dependency");
    }
}
