namespace LmGateway.Cli.Daemon;

/// <summary>Who starts the service with the machine or the user, and keeps it running.</summary>
internal enum DaemonKind
{
    Systemd,
    Launchd,
    Windows,
}
