using System.Diagnostics;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.Json;
using LmGateway.Tests.Functional.Provider;
using Xunit;

namespace LmGateway.Tests.Shipping;

/// <summary>What users download: it starts and answers. Its size, its time to start and its memory are printed, and judged by nobody.</summary>
public sealed class PublishedServiceTests
{
    public PublishedServiceTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Published on Linux.");

    [Theory]
    [InlineData("linux-x64-self-contained")]
    [InlineData("linux-x64-framework-dependent")]
    public async Task The_builds_for_Linux_start_and_answer(string name)
    {
        var build = await ShippedFiles.BuildAsync(name);
        var home = Directory.CreateTempSubdirectory("lmgateway-shipped-");
        try
        {
            var began = TimeProvider.System.GetTimestamp();
            await using var program = await ProgramUnderTest.StartAsync([Path.Combine(build, "lmgateway"), "serve", "--demo"], new Dictionary<string, string>(), home.FullName);
            using var health = JsonDocument.Parse(await program.Http.GetStringAsync("/health", TestContext.Current.CancellationToken));
            var started = TimeProvider.System.GetElapsedTime(began);
            Assert.Equal(ShippedFiles.Version, health.RootElement.GetProperty("version").GetString());
            var idle = program.ResidentBytes;

            using var question = new StringContent("""{"model":"qwen2-1.5b-instruct","stream":true,"messages":[{"role":"user","content":"count to 5"}]}""", Encoding.UTF8, "application/json");
            using var answer = await program.Http.PostAsync("/v1/chat/completions", question, TestContext.Current.CancellationToken);
            var events = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Contains("data: {", events, StringComparison.Ordinal);
            Assert.EndsWith("data: [DONE]\n\n", events, StringComparison.Ordinal);
            Assert.Equal(0, await program.StopAsync());
            await Console.Out.WriteLineAsync($"{name}: {SizeOf(build) / 1e6:0} MB on disk, {started.TotalMilliseconds:0} ms to the first answer, {idle / 1e6:0} MB of memory after it");
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_self_contained_build_brings_its_runtime_and_the_other_one_does_not()
    {
        var (whole, small) = (await ShippedFiles.BuildAsync("linux-x64-self-contained"), await ShippedFiles.BuildAsync("linux-x64-framework-dependent"));
        Assert.True(File.Exists(Path.Combine(whole, "libcoreclr.so")));
        Assert.False(File.Exists(Path.Combine(small, "libcoreclr.so")));
        Assert.Contains("includedFrameworks", await File.ReadAllTextAsync(Path.Combine(whole, "lmgateway.runtimeconfig.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.All([whole, small], AssertWhole);
    }

    [Fact]
    public async Task The_build_for_Windows_is_whole_and_for_64_bit()
    {
        var build = await ShippedFiles.BuildAsync("win-x64-self-contained");
        AssertWhole(build);
        foreach (var native in new[] { "lmgateway.exe", "coreclr.dll", "hostfxr.dll", "hostpolicy.dll" })
        {
            using var image = new PEReader(File.OpenRead(Path.Combine(build, native)));
            Assert.Equal(Machine.Amd64, image.PEHeaders.CoffHeader.Machine);
        }

        using var program = new PEReader(File.OpenRead(Path.Combine(build, "lmgateway.exe")));
        Assert.Equal(Subsystem.WindowsCui, program.PEHeaders.PEHeader!.Subsystem);
    }

    [Fact]
    [Trait("run", "long")]
    public async Task Archives_carry_the_version_and_the_sums_are_right()
    {
        var folder = await ShippedFiles.PublishAsync("artifacts/ship-archives", "linux-x64-framework-dependent", "win-x64-framework-dependent", "client");
        string[] expected = [$"LmStudio.Client.{ShippedFiles.Version}.nupkg", $"lmgateway-{ShippedFiles.Version}-linux-x64-framework-dependent.tar.gz", $"lmgateway-{ShippedFiles.Version}-win-x64-framework-dependent.zip"];
        Assert.All(expected, file => Assert.True(File.Exists(Path.Combine(folder, file)), file));
        using var check = Process.Start(new ProcessStartInfo("sha256sum", ["--check", "--quiet", "SHA256SUMS"]) { WorkingDirectory = folder })!;
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, check.ExitCode);
        using var zip = await System.IO.Compression.ZipFile.OpenReadAsync(Path.Combine(folder, expected[2]), TestContext.Current.CancellationToken);
        Assert.Contains(zip.Entries, entry => entry.FullName == $"lmgateway-{ShippedFiles.Version}-win-x64-framework-dependent/lmgateway.exe");
    }

    [Theory]
    [InlineData("no-such-target", "unknown target 'no-such-target'")]
    [InlineData("--no-such-option", "unknown option '--no-such-option'")]
    public async Task A_wrong_target_is_refused_with_what_there_is(string argument, string said)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => ShippedFiles.PublishAsync("artifacts/ship-tests", argument));
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The program compiled ahead of time, what it reads, and the papers that go with it.</summary>
    private static void AssertWhole(string build)
    {
        foreach (var file in new[] { "lmgateway.dll", "lmgateway.deps.json", "lmgateway.runtimeconfig.json", "LeanNats.dll", "LmStudio.Client.dll", "LmStudio.Simulator.dll", "LICENSE", "README.md", "docs/configuration.md", "lmgateway.example.yaml" })
            Assert.True(File.Exists(Path.Combine(build, file)), file);
        using var program = new PEReader(File.OpenRead(Path.Combine(build, "lmgateway.dll")));
        Assert.True(program.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0, "lmgateway.dll is not compiled ahead of time");
        Assert.Empty(Directory.EnumerateFiles(build, "*.pdb"));
    }

    private static long SizeOf(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
}
