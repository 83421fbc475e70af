using LmGateway.Cli.Output;
using LmGateway.Configuration;
using LmGateway.Serving.BringUp;
using LmGateway.Vocabulary;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Cli;

/// <summary>Runs a bring-up and shows each step as it happens.</summary>
internal static class UpProgram
{
    public static async Task<int> RunAsync(LoadedSettings settings, CommandOutput output, CancellationToken cancellationToken)
    {
        var host = GatewayHost.BuildForTools(settings.Options with { Log = settings.Options.Log with { Level = LogThreshold.Error } }, TimeProvider.System);
        await using var disposal = (IAsyncDisposable)host;
        var bringUp = host.Services.GetRequiredService<BringUpOperation>();
        var options = settings.Options.BringUp;
        var order = new BringUpOrder(options.Backend, options.ModelOrDefault) { Source = options.ModelSource };
        var call = new CallContext { RequestId = RequestId.Next(), Api = "cli", Caller = Environment.UserName };
        var report = await ProgressShow.RunAsync(
            output, $"Making {options.ModelOrDefault} ready", tell => bringUp.RunAsync(order, moment => tell(Figure(moment)), call, cancellationToken));
        if (!report.Success) return Fail(report, output);
        if (output.Json) output.Document(writer => Write(writer, report, options.ModelOrDefault));
        foreach (var step in output.Json ? [] : report.Steps) output.Line($"done  {step}");
        if (!output.Json) output.Line($"{options.ModelOrDefault} is ready as {report.Identifier}.");
        return ExitCodes.Success;
    }

    /// <summary>The percentage is shown once, by the bar.</summary>
    private static ProgressFigure Figure(BringUpMoment moment) => moment.Percent is { } percent
        ? new ProgressFigure(moment.Message.Split(':')[0]) { Fraction = percent / 100 }
        : new ProgressFigure(moment.Message);

    private static int Fail(BringUpReport report, CommandOutput output)
    {
        foreach (var step in output.Json ? [] : report.Steps) output.Line($"done  {step}");
        return output.Fail(new CommandFailure("failed", report.Message) { Next = "'lmgateway doctor' shows what is there and what is missing." });
    }

    private static void Write(System.Text.Json.Utf8JsonWriter writer, BringUpReport report, string model)
    {
        writer.WriteString("model", model);
        writer.WriteString("identifier", report.Identifier);
        writer.WriteStartArray("steps");
        foreach (var step in report.Steps) writer.WriteStringValue(step);
        writer.WriteEndArray();
    }
}
