using LmGateway.Configuration;
using LmGateway.Serving.BringUp;
using LmGateway.Vocabulary;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Cli;

/// <summary>Runs a bring-up and shows each step as it happens.</summary>
internal static class UpProgram
{
    public static async Task<int> RunAsync(LoadedSettings settings, CancellationToken cancellationToken)
    {
        var host = GatewayHost.BuildForTools(settings.Options with { Log = settings.Options.Log with { Level = LogThreshold.Error } }, TimeProvider.System);
        await using var disposal = (IAsyncDisposable)host;
        var bringUp = host.Services.GetRequiredService<BringUpOperation>();
        var options = settings.Options.BringUp;
        var order = new BringUpOrder(options.Backend, options.ModelOrDefault) { Source = options.ModelSource };
        string? told = null;
        var call = new CallContext { RequestId = RequestId.Next(), Api = "cli", Caller = Environment.UserName };
        var report = await bringUp.RunAsync(order, moment => Tell(moment.Message), call, cancellationToken);
        foreach (var step in report.Steps) await Console.Out.WriteLineAsync($"  done  {step}");
        await (report.Success ? Console.Out : Console.Error).WriteLineAsync(report.Success ? $"{options.ModelOrDefault} is ready as {report.Identifier}." : $"lmgateway: {report.Message}");
        return report.Success ? ExitCodes.Success : ExitCodes.Failed;

        void Tell(string message)
        {
            if (message == told) return;
            told = message;
            Console.Error.WriteLine($"  {message}");
        }
    }
}
