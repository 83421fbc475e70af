using System.Threading.Channels;
using LmGateway.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LmGateway.Reload;

/// <summary>
/// Reloads the configuration when its files have changed, or when it is asked to. The files' text counts, once two looks in a row have seen
/// the same: times and notifications are not to be had on every file system, and editors write in several steps.
/// </summary>
internal sealed partial class ConfigurationWatch(ConfigurationReload reload, TimeProvider time, ILogger<ConfigurationWatch> logger, SettingsOrigin? origin = null) : BackgroundService
{
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>How long a changed file must stay the same.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(200);

    private readonly Channel<bool> asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Reloads soon, whether a file has changed or not.</summary>
    public void Ask() => asked.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (origin is null) return;
        while (!stoppingToken.IsCancellationRequested)
        {
            if (!await IsAskedAsync(stoppingToken) && !await HasChangedAsync(origin, stoppingToken)) continue;
            try
            {
                await reload.ReloadAsync(stoppingToken);
            }
            catch (Exception defect) when (defect is not OperationCanceledException)
            {
                LogDefect(defect);
            }
        }
    }

    private async Task<bool> IsAskedAsync(CancellationToken stoppingToken)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task waiting = asked.Reader.WaitToReadAsync(pause.Token).AsTask();
        await Task.WhenAny(waiting, Task.Delay(Pause, time, pause.Token));
        await pause.CancelAsync();
        await waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return asked.Reader.TryRead(out _);
    }

    private async Task<bool> HasChangedAsync(SettingsOrigin origin, CancellationToken stoppingToken)
    {
        var inputs = origin.Read();
        while (reload.IsNews(inputs))
        {
            await Task.Delay(Calm, time, stoppingToken);
            var again = origin.Read();
            if (again.File?.Text == inputs.File?.Text && again.DotEnv?.Text == inputs.DotEnv?.Text) return true;
            inputs = again;
        }

        return false;
    }

    [LoggerMessage(LogLevel.Error, "The configuration could not be reloaded")]
    private partial void LogDefect(Exception defect);
}
