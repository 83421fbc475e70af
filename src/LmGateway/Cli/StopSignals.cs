using System.Runtime.InteropServices;

namespace LmGateway.Cli;

/// <summary>Turns the first Ctrl+C or SIGTERM into a cancelled token, so that everything ends in order; a second one ends the process at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private volatile Action? _interrupt;

    public StopSignals() =>
        _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, Handle))];

    public CancellationToken Token => _stop.Token;

    /// <summary>While set, Ctrl+C calls this instead of ending the program: it ends an answer, and not the conversation.</summary>
    public Action? Interrupt { set => _interrupt = value; }

    /// <summary>Stops as the first signal does.</summary>
    public void Stop() => _stop.Cancel();

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (context.Signal == PosixSignal.SIGINT && _interrupt is { } interrupt)
        {
            context.Cancel = true;
            interrupt();
            return;
        }

        context.Cancel = !_stop.IsCancellationRequested;
        _stop.Cancel();
    }
}
