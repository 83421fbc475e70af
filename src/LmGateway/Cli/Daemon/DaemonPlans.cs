using System.Security;

namespace LmGateway.Cli.Daemon;

/// <summary>The plans for systemd, launchd and Windows.</summary>
internal static class DaemonPlans
{
    public static DaemonPlan Of(DaemonKind kind, DaemonOrder order) => kind switch
    {
        DaemonKind.Systemd => Systemd(order),
        DaemonKind.Launchd => Launchd(order),
        _ => Windows(order),
    };

    private static DaemonPlan Systemd(DaemonOrder order)
    {
        var (unit, scope) = ($"{order.Name}.service", order.IsForMachine ? Array.Empty<string>() : ["--user"]);
        var folder = order.IsForMachine ? "/etc/systemd/system" : Path.Combine(order.ConfigurationHome ?? Path.Combine(order.Home, ".config"), "systemd", "user");
        PlannedCommand Run(bool mayFail, params string[] words) => new(["systemctl", .. scope, .. words], mayFail);
        return new DaemonPlan
        {
            Manager = order.IsForMachine ? "systemd" : "systemd (this user's)",
            Program = "systemctl",
            File = new PlannedFile(Path.Combine(folder, unit), Unit(order)),
            Install = [Run(false, "daemon-reload"), Run(false, "enable", "--now", unit)],
            Uninstall = [Run(true, "disable", "--now", unit)],
            Afterwards = [Run(true, "daemon-reload")],
            Status = Run(true, "is-active", unit),
            Next = order.IsForMachine
                ? [$"journalctl -u {order.Name} -f       its log", "settings go into /etc/lmgateway/lmgateway.yaml; then: systemctl restart " + order.Name]
                : [$"journalctl --user -u {order.Name} -f       its log", "loginctl enable-linger             lets it run while you are logged out"],
        };
    }

    /// <summary>For the machine it gets a user of its own for the time it runs (DynamicUser), and a state folder that outlives it.</summary>
    private static string Unit(DaemonOrder order) =>
        $"""
        # {DaemonPlan.Mark}
        [Unit]
        Description=LmGateway
        After=network-online.target
        Wants=network-online.target

        [Service]
        ExecStart={string.Join(' ', order.CommandLine.Select(SystemdWord))}
        Restart=on-failure
        RestartSec=2
        TimeoutStopSec=40
        {(order.IsForMachine
            ? $"""
            DynamicUser=yes
            StateDirectory={order.Name}
            Environment=HOME=%S/{order.Name}
            Environment=LMGATEWAY_STATE_DIR=%S/{order.Name}
            Environment=XDG_CONFIG_HOME=/etc
            EnvironmentFile=-/etc/lmgateway/environment
            WorkingDirectory=%S/{order.Name}
            NoNewPrivileges=yes
            ProtectSystem=strict
            """
            : "WorkingDirectory=%h")}

        [Install]
        WantedBy={(order.IsForMachine ? "multi-user.target" : "default.target")}

        """;

    /// <summary>A percent sign begins a specifier there, a blank ends a word.</summary>
    private static string SystemdWord(string word)
    {
        var plain = word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "%%", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal);
        return plain.Length == 0 || plain.Any(letter => char.IsWhiteSpace(letter) || letter is '"' or '\'' or ';') ? $"\"{plain.Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : plain;
    }

    private static DaemonPlan Launchd(DaemonOrder order)
    {
        var label = $"io.{order.Name}";
        var folder = order.IsForMachine ? "/Library/LaunchDaemons" : $"{order.Home}/Library/LaunchAgents";
        var file = $"{folder}/{label}.plist";
        var log = order.IsForMachine ? $"/Library/Logs/{order.Name}.log" : $"{order.Home}/Library/Logs/{order.Name}.log";
        return new DaemonPlan
        {
            Manager = "launchd",
            Program = "launchctl",
            File = new PlannedFile(file, Plist(order, label, log)),
            Install = [new(["launchctl", "unload", file], MayFail: true), new(["launchctl", "load", "-w", file])],
            Uninstall = [new(["launchctl", "unload", "-w", file], MayFail: true)],
            Status = new(["launchctl", "list", label], MayFail: true),
            Next = [$"tail -f {log}       its log"],
        };
    }

    private static string Plist(DaemonOrder order, string label, string log) =>
        $"""
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- {DaemonPlan.Mark} -->
        <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
        <plist version="1.0">
        <dict>
          <key>Label</key><string>{label}</string>
          <key>ProgramArguments</key>
          <array>
        {string.Join('\n', order.CommandLine.Select(word => $"    <string>{SecurityElement.Escape(word)}</string>"))}
          </array>
          <key>RunAtLoad</key><true/>
          <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
          <key>ExitTimeOut</key><integer>40</integer>
          <key>StandardOutPath</key><string>{SecurityElement.Escape(log)}</string>
          <key>StandardErrorPath</key><string>{SecurityElement.Escape(log)}</string>
        </dict>
        </plist>

        """;

    /// <summary>The service manager keeps the command itself; there is no file. A service that is there already gets the new command.</summary>
    private static DaemonPlan Windows(DaemonOrder order)
    {
        var command = string.Join(' ', order.CommandLine.Select(word => word.Contains(' ', StringComparison.Ordinal) ? $"\"{word}\"" : word));
        return new DaemonPlan
        {
            Manager = "Windows services",
            Program = "sc.exe",
            Install =
            [
                new(["sc.exe", "create", order.Name, "binPath=", command, "start=", "auto", "DisplayName=", "LmGateway"], MayFail: true),
                new(["sc.exe", "config", order.Name, "binPath=", command, "start=", "auto"]),
                new(["sc.exe", "description", order.Name, DaemonPlan.Mark]),
                new(["sc.exe", "failure", order.Name, "reset=", "86400", "actions=", "restart/2000/restart/10000/restart/60000"]),
                new(["sc.exe", "start", order.Name], MayFail: true),
            ],
            Uninstall = [new(["sc.exe", "stop", order.Name], MayFail: true), new(["sc.exe", "delete", order.Name], MayFail: true)],
            Status = new(["sc.exe", "query", order.Name], MayFail: true),
            Next = ["It runs as LocalSystem: name the settings file with --config, and LM Studio's folders with LMSTUDIO_MODELS_DIR."],
        };
    }
}
