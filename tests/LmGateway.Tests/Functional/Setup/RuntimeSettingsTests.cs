using System.Text.Json;
using LmGateway.Tests.Functional.Provider;
using LmGateway.Tests.Shipping;
using Xunit;

namespace LmGateway.Tests.Functional.Setup;

/// <summary>The runtime's settings are in force however the program is started; the service itself is asked.</summary>
public sealed class RuntimeSettingsTests : IDisposable
{
    private static readonly Dictionary<string, string> Nothing = [];
    private static readonly string Folder = Path.GetDirectoryName(ProgramUnderTest.Executable)!;

    private readonly string home = Directory.CreateTempSubdirectory("lmgateway-runtime-").FullName;

    public RuntimeSettingsTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The socket setting is one of Unix.");

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public Task The_program_itself_has_them() => IsCheapAsync([ProgramUnderTest.Executable, "serve", "--demo"]);

    [Fact]
    public Task The_program_behind_a_link_has_them_as_the_systemd_unit_starts_it()
    {
        var link = Path.Combine(home, "inference-server");
        File.CreateSymbolicLink(link, ProgramUnderTest.Executable);
        Assert.Contains("ExecStart=/usr/local/bin/inference-server\n", File.ReadAllText(Path.Combine(Repository.Root, "scripts", "inference-server.service")), StringComparison.Ordinal);
        return IsCheapAsync([link], new Dictionary<string, string> { ["INFERENCE_INFERENCE_PROVIDER"] = "mock", ["LMGATEWAY_STATE_DIR"] = home });
    }

    [Fact]
    public Task The_program_in_its_own_folder_has_them_as_the_image_starts_it()
    {
        Assert.Contains("ENTRYPOINT [\"./lmgateway\"]", File.ReadAllText(Path.Combine(Repository.Root, "Dockerfile")), StringComparison.Ordinal);
        return IsCheapAsync(["/bin/sh", "-c", $"cd {Folder} && exec ./lmgateway --demo"]);
    }

    [Fact]
    public Task Dotnet_with_the_assembly_has_them_as_launchers_start_it() => IsCheapAsync(["dotnet", Path.Combine(Folder, "lmgateway.dll"), "--demo"]);

    [Fact]
    public async Task Dotnet_run_has_them()
    {
        string[] command = ["dotnet", "run", "--no-build", "--configuration", Path.GetFileName(Folder), "--project", Path.Combine(Repository.Root, "src", "LmGateway"), "--", "--demo"];
        await IsCheapAsync(["/bin/sh", "-c", $"exec {string.Join(' ', command)}"]);
    }

    [Theory]
    [InlineData("linux-x64-self-contained")]
    [InlineData("linux-x64-framework-dependent")]
    public async Task What_is_published_has_them(string build)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Published on Linux.");
        await IsCheapAsync([Path.Combine(await ShippedFiles.BuildAsync(build), "lmgateway"), "serve", "--demo"]);
    }

    [Fact]
    public async Task A_runtimeconfig_that_knows_nothing_of_them_is_enough()
    {
        var bare = Path.Combine(home, "bare.runtimeconfig.json");
        var frameworks = string.Join(',', new[] { "Microsoft.NETCore.App", "Microsoft.AspNetCore.App" }.Select(name => $$"""{"name":"{{name}}","version":"10.0.0"}"""));
        await File.WriteAllTextAsync(bare, $$$"""{"runtimeOptions":{"frameworks":[{{{frameworks}}}]}}""", TestContext.Current.CancellationToken);
        await IsCheapAsync(["dotnet", "exec", "--runtimeconfig", bare, Path.Combine(Folder, "lmgateway.dll"), "--demo"]);
    }

    [Fact]
    public async Task What_is_set_from_outside_by_the_runtimes_own_names_wins()
    {
        var environment = new Dictionary<string, string> { ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "0", ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "7" };
        await using var program = await ProgramUnderTest.StartAsync([ProgramUnderTest.Executable, "serve", "--demo"], environment, home);
        var runtime = await RuntimeAsync(program);
        Assert.True(runtime.GetProperty("lowCpu").GetBoolean());
        Assert.False(runtime.GetProperty("socketsInline").GetBoolean());
        Assert.Equal("7", runtime.GetProperty("threadPoolSpin").GetString());
    }

    [Fact]
    public async Task Switched_off_the_runtime_is_as_it_comes()
    {
        await using var program = await ProgramUnderTest.StartAsync([ProgramUnderTest.Executable, "serve", "--demo", "--set", "runtime.low_cpu=false"], Nothing, home);
        for (var i = 0; i < 20; i++)
        {
            var runtime = await RuntimeAsync(program);
            Assert.False(runtime.GetProperty("lowCpu").GetBoolean());
            Assert.False(runtime.GetProperty("socketsInline").GetBoolean());
            Assert.Equal(JsonValueKind.Null, runtime.GetProperty("threadPoolSpin").ValueKind);
            Assert.False(runtime.GetProperty("onSocketThread").GetBoolean());
        }
    }

    private async Task IsCheapAsync(IReadOnlyList<string> command, Dictionary<string, string>? environment = null)
    {
        await using var program = await ProgramUnderTest.StartAsync(command, environment ?? Nothing, home);
        var runtime = await RuntimeAsync(program);
        Assert.True(runtime.GetProperty("lowCpu").GetBoolean());
        Assert.True(runtime.GetProperty("socketsInline").GetBoolean());
        Assert.Equal("0", runtime.GetProperty("threadPoolSpin").GetString());
        // A connection's first request may have arrived before anybody waited for it; then it is worked on elsewhere.
        await Eventually.TrueAsync(async () => (await RuntimeAsync(program)).GetProperty("onSocketThread").GetBoolean(), "a request is worked on where its bytes were read");
    }

    private static async Task<JsonElement> RuntimeAsync(ProgramUnderTest program) =>
        JsonElement.Parse(await program.Http.GetStringAsync("/debug/status", TestContext.Current.CancellationToken)).GetProperty("runtime");
}
