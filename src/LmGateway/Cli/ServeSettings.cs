using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary>What <c>serve</c> starts with. The settings have no errors.</summary>
internal sealed record ServeSettings
{
    public required LoadedSettings Loaded { get; init; }

    /// <summary>Where they come from, to be read again; null where they stay as they are.</summary>
    public SettingsOrigin? Origin { get; init; }

    /// <summary>Serve a simulator in the same process instead of the configured LM Studio; <see cref="LoadedSettings.WithSimulatorAt"/> tells where it is.</summary>
    public bool Demo { get; init; }

    /// <summary>Start a NATS server of its own at <c>nats.url</c>, an address of this machine.</summary>
    public bool NatsServer { get; init; }

    public GatewayOptions Options => Loaded.Options;
}

/// <summary>What <c>simulate</c> starts with; null leaves the simulator's own default.</summary>
internal sealed record SimulateSettings
{
    /// <summary>0 takes a free port.</summary>
    public int Port { get; init; } = 1234;
    public string? ModelsDir { get; init; }

    /// <summary>Models beside those that the simulator is stocked with.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];
    public string? ApiToken { get; init; }
    public int? LoadTimeMs { get; init; }
    public double? TokensPerSecond { get; init; }
    public int? TimeToFirstTokenMs { get; init; }
    public int? Parallel { get; init; }
    public int? MemoryModels { get; init; }
    public int? DownloadTimeMs { get; init; }

    /// <summary>An LM Studio home folder to write the port file and settings into; null writes none.</summary>
    public string? Home { get; init; }
}
