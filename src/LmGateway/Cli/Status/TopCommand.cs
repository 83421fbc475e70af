using System.CommandLine;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
using Spectre.Console;

namespace LmGateway.Cli.Status;

/// <summary><c>lmgateway top</c>: what the service is doing, again and again.</summary>
internal static class TopCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("top", "Watch the service: requests under way with their speed, instances, loads, queue, memory. Ctrl+C ends it. Into a pipe one picture, unless --frames or --interval is given.");
        var once = new Option<bool>("--once") { Description = "One picture, and no more." };
        var frames = new Option<int?>("--frames") { HelpName = "N", Description = "So many pictures." };
        var interval = new Option<double>("--interval") { HelpName = "SECONDS", Description = "Time between two pictures.", DefaultValueFactory = _ => 1 };
        interval.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.GetValueOrDefault<double>() is not (>= 0.1 and <= 3600)) result.AddError($"--interval {result.Tokens[0].Value}: seconds from 0.1 to 3600 are expected");
        });
        foreach (var option in new Option[] { once, frames, interval }) command.Options.Add(option);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.Fail, async (call, cancellationToken) =>
        {
            // People watch; into a pipe goes one picture, unless somebody said how often.
            var usual = surroundings.OutIsTerminal || call.Parsed.GetResult(interval) is { Implicit: false } ? int.MaxValue : 1;
            var count = call.Parsed.GetValue(once) ? 1 : call.Parsed.GetValue(frames) ?? usual;
            var pause = TimeSpan.FromSeconds(call.Parsed.GetValue(interval));
            try
            {
                await WatchAsync(call, count, pause, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && count == int.MaxValue)
            {
                // To be stopped is how watching ends.
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task WatchAsync(ServiceCall call, int count, TimeSpan pause, CancellationToken cancellationToken)
    {
        var first = await TopFrame.TakeAsync(call, cancellationToken);
        if (!call.Output.IsTerminal || count == 1)
        {
            for (var frame = first; ; frame = await TopFrame.TakeAsync(call, cancellationToken))
            {
                Show(call, frame);
                if (--count == 0) return;
                await Task.Delay(pause, call.Surroundings.Time, cancellationToken);
            }
        }

        await call.Output.Screen.Live(TopText.Draw(first, call.Surroundings.Width())).AutoClear(false).StartAsync(async live =>
        {
            while (--count > 0)
            {
                await Task.Delay(pause, call.Surroundings.Time, cancellationToken);
                live.UpdateTarget(TopText.Draw(await TopFrame.TakeAsync(call, cancellationToken), call.Surroundings.Width()));
            }
        });
    }

    private static void Show(ServiceCall call, TopFrame frame)
    {
        if (call.Output.Json) call.Output.DocumentLine(frame.Write);
        else if (call.Output.IsTerminal) call.Output.Screen.Write(TopText.Draw(frame, call.Surroundings.Width()));
        else TopText.WritePlain(frame, call.Surroundings.Out);
    }
}
