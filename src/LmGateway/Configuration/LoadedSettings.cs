namespace LmGateway.Configuration;

/// <summary>What the settings came to. With errors the options hold defaults in the places of what could not be used, and nothing may be started from them.</summary>
internal sealed record LoadedSettings
{
    public required GatewayOptions Options { get; init; }
    public required EffectiveSettings Effective { get; init; }
    public IReadOnlyList<string> Warnings { get; init; } = [];
    public IReadOnlyList<SettingError> Errors { get; init; } = [];

    /// <summary>The same settings with the demo's simulator, which asks for no token, as LM Studio, whatever the provider.</summary>
    public LoadedSettings WithSimulatorAt(string baseUrl) => this with
    {
        Options = Options with
        {
            Backends = [],
            BackendKeys = [],
            LmStudio = Options.LmStudio with { BaseUrl = baseUrl, ApiToken = null },
            Inference = Options.Inference with { Provider = Options.Inference.Provider is null ? null : InferenceOptions.LmStudio },
        },
        Effective = DemoProvider(Effective).With("lmstudio.base_url", baseUrl).Without("lmstudio.api_token").Without("backends").Without("backend_keys"),
    };

    private static EffectiveSettings DemoProvider(EffectiveSettings effective) =>
        effective["inference.provider"].Value is null ? effective : effective.With("inference.provider", InferenceOptions.LmStudio);
}
