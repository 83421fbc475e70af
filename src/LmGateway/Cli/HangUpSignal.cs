using System.Runtime.InteropServices;
using LmGateway.Reload;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LmGateway.Cli;

/// <summary>SIGHUP reads the configuration again, as it does for other services. Where it means that the terminal was closed, the service ends.</summary>
internal static class HangUpSignal
{
    /// <summary>Null on Windows, which has no such signal.</summary>
    public static PosixSignalRegistration? Register(IHost service)
    {
        if (OperatingSystem.IsWindows()) return null;
        var watch = service.Services.GetRequiredService<ConfigurationWatch>();
        var lifetime = service.Services.GetRequiredService<IHostApplicationLifetime>();
        var hadTerminal = HasTerminal();
        return PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            if (hadTerminal && !HasTerminal()) lifetime.StopApplication();
            else watch.Ask();
        });
    }

    private static bool HasTerminal()
    {
        try
        {
            using var terminal = File.OpenHandle("/dev/tty");
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
