using System.Reflection;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>No printed example is forgotten: each one is run by a test that says so, or stands here with the reason why not.</summary>
public sealed class EveryExampleTests
{
    private static readonly Dictionary<string, Dictionary<string, string>> NotRun = new()
    {
        [SourceDocument.AdminGatewayFile] = new()
        {
            ["Hybrid Approach"] = "a drawing",
            ["Singleton Pattern"] = "source code of the original",
            ["WebSocket URL Conversion"] = "no request; held by the tests of LmStudio.Client",
            ["GET /admin/models #1"] = "what it was before",
            ["Model Load Events"] = "events of the debug API, which comes later",
            ["Model Unload Events"] = "events of the debug API, which comes later",
            ["SDK Connection Issues #1"] = "a command of the operating system",
            ["SDK Connection Issues #3"] = "a command of the operating system",
            ["TypeScript Build Errors"] = "builds the original",
        },
        [SourceDocument.RestServiceFile] = new()
        {
            ["1. Install Dependencies"] = "installs the original",
            ["2. Configure Environment #1"] = "a command of the operating system",
            ["3. Run the Service"] = "starts the original",
            ["Hybrid Design"] = "a drawing",
            ["Project Structure"] = "files of the original",
            ["Running Tests"] = "tests of the original",
        },
        [SourceDocument.NatsServiceFile] = new()
        {
            ["High-Level Architecture"] = "a drawing",
            ["JetStream Object Store (File Bucket) for Models (Optional Design) #1"] = "commands of the nats program; the official client puts objects in tests/clients",
            ["`lmstudio.sync_model_from_bucket` #3"] = "held by SyncTests",
            ["Project Structure (Suggested)"] = "files of the original",
            ["macOS / Linux #1"] = "held by SetupScriptTests",
            ["macOS / Linux #2"] = "held by SetupScriptTests",
            ["macOS / Linux #3"] = "held by SetupScriptTests",
            ["macOS / Linux #4"] = "held by SetupScriptTests",
            ["Windows (PowerShell) #1"] = "starts a script that cannot be run here",
            ["Windows (PowerShell) #2"] = "held by SetupScriptTests",
            ["Windows (PowerShell) #3"] = "held by SetupScriptTests",
            ["Windows (PowerShell) #4"] = "held by SetupScriptTests",
            ["Windows (PowerShell) #5"] = "held by SetupScriptTests",
            ["Windows (PowerShell) #6"] = "held by SetupScriptTests",
            ["Windows (PowerShell) #7"] = "held by SetupScriptTests",
            ["Running the Service #1"] = "builds and starts the original",
            ["Running the Service #2"] = "builds the original; the launcher is held by SetupScriptTests",
            ["Example: Calling from Go"] = "source code in Go; its request and its reply are those of chat_model",
        },
        [SourceDocument.ProviderFile] = new()
        {
            ["Common Issues #1"] = "comments only",
        },
    };

    [Theory]
    [InlineData(SourceDocument.AdminGatewayFile)]
    [InlineData(SourceDocument.NatsServiceFile)]
    [InlineData(SourceDocument.ProviderFile)]
    [InlineData(SourceDocument.RestServiceFile)]
    public void Every_printed_example_is_run_or_accounted_for(string document)
    {
        var run = typeof(EveryExampleTests).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Where(method => method.IsDefined(typeof(FactAttribute), inherit: true))
            .SelectMany(method => method.GetCustomAttributes<ExampleAttribute>())
            .Where(example => example.Document == document).Select(example => example.Name).ToHashSet();

        Assert.Empty(run.Intersect(NotRun[document].Keys));
        Assert.Equal(Fence.ReadSource(document).Select(fence => fence.Name).Order(), run.Concat(NotRun[document].Keys).Order());
    }
}
