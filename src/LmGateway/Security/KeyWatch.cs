using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LmGateway.Security;

/// <summary>Brings keys that were made or revoked meanwhile, by whatever program, into force within a second.</summary>
internal sealed partial class KeyWatch(KeyRing ring, KeyFile file, TimeProvider time, ILogger<KeyWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private DateTimeOffset seen;

    /// <summary>The keys hold before the first request is taken.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Look();
        return base.StartAsync(cancellationToken);
    }

    /// <summary>Reads the file where it has changed since.</summary>
    public void Look()
    {
        var changed = file.ChangedAt;
        if (changed == seen) return;
        seen = changed;
        var keys = file.Read();
        ring.Replace(keys);
        if (keys is null) LogDamaged(KeyFile.FileName);
        else LogKeys(keys.Count);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Pause, time, stoppingToken);
            Look();
        }
    }

    [LoggerMessage(LogLevel.Information, "{Count} stored keys hold")]
    private partial void LogKeys(int count);

    [LoggerMessage(LogLevel.Error, "{File} in the state folder is damaged: no stored key holds until it is mended or removed")]
    private partial void LogDamaged(string file);
}
