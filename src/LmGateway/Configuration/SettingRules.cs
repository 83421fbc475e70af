namespace LmGateway.Configuration;

/// <summary>The rules that join several settings.</summary>
internal static class SettingRules
{
    private const string HowToProtect =
        "other machines can reach this address, so callers must be told apart: set a key (GATEWAY_API_KEY or security.api_key) " +
        "or an allowlist (IP_ALLOWLIST or security.ip_allowlist, for instance 192.168.0.0/16), or accept the risk with security.allow_insecure: true";

    /// <summary>Checks, warns, and settles between <c>listen.urls</c> and <c>listen.host</c> with <c>listen.port</c>.</summary>
    public static LoadedSettings Apply(LoadedSettings loaded, SettingsProblems problems)
    {
        loaded = SettleListener(loaded, problems);
        loaded = BackendRules.Apply(loaded, problems);
        KeyRules.Check(loaded, problems);
        loaded = loaded with { Options = loaded.Options with { Nats = loaded.Options.Nats with { IsConfigured = loaded.Effective["nats.url"].Source.Layer != LayerKind.Default } } };
        CheckExposure(loaded, problems);
        CheckDefaultModel(loaded, problems);
        CheckProvider(loaded, problems);
        CheckLoop(loaded, problems);
        CheckFreePort(loaded, problems);
        WarnOfNoEffect(loaded, problems);
        return loaded;
    }

    /// <summary>Addresses in full stand instead of host and port; but a host or port of a stronger layer (<c>--port</c>) stands instead of them.</summary>
    private static LoadedSettings SettleListener(LoadedSettings loaded, SettingsProblems problems)
    {
        var urls = loaded.Effective["listen.urls"];
        if (loaded.Options.Listen.Urls.Count == 0) return loaded;
        EffectiveSetting[] parts = [.. new[] { loaded.Effective["listen.host"], loaded.Effective["listen.port"] }.Where(part => part.Source.Layer != LayerKind.Default)];
        if (parts.FirstOrDefault(part => part.Source.Layer < urls.Source.Layer) is { } stronger)
        {
            problems.Warnings.Add($"listen.urls ({urls.Source}) is not used: {stronger.Key} ({stronger.Source}) is stronger.");
            return loaded with
            {
                Options = loaded.Options with { Listen = loaded.Options.Listen with { Urls = [] } },
                Effective = loaded.Effective.Without("listen.urls"),
            };
        }

        foreach (var part in parts)
            problems.Warnings.Add($"{part.Key} = \"{part.Text}\" ({part.Source}) is not used: listen.urls ({urls.Source}) gives whole addresses.");
        return loaded;
    }

    /// <summary>
    /// What is wrong where the listener stays as it is while the service runs: it may have been opened wide under a protection that is to go now.
    /// </summary>
    public static IEnumerable<SettingError> ExposureOf(GatewayOptions options) => options.Security is { IsProtected: false, AllowInsecure: false }
        ? options.Listen.Addresses.Where(address => !address.IsLoopback).Take(1).Select(address => new SettingError("listen", address.ToString(), "still bound until the next start", HowToProtect))
        : [];

    private static void CheckExposure(LoadedSettings loaded, SettingsProblems problems)
    {
        var (listen, security) = (loaded.Options.Listen, loaded.Options.Security);
        var isUnknown = problems.Errors.Exists(error => error.Key is "security.api_key" or "security.keys" or "security.ip_allowlist");
        if (security.IsProtected || isUnknown) return;
        var setting = loaded.Effective[listen.Urls.Count > 0 ? "listen.urls" : "listen.host"];
        foreach (var address in listen.Addresses.Where(address => !address.IsLoopback))
        {
            var shown = listen.Urls.Count > 0 ? address.ToString() : address.Host;
            if (security.AllowInsecure)
                problems.Warnings.Add($"{setting.Key} = \"{shown}\" ({setting.Source}): whoever can reach this address can use the service and change its models (security.allow_insecure).");
            else
                problems.Errors.Add(new SettingError(setting.Key, shown, setting.Source.Text, HowToProtect));
        }
    }

    /// <summary>Names may be parts of keys on both sides, so either may contain the other.</summary>
    private static void CheckDefaultModel(LoadedSettings loaded, SettingsProblems problems)
    {
        var (model, allowed) = (loaded.Options.Inference.DefaultModel, loaded.Options.Inference.AllowedModels);
        if (model is null || allowed.Count == 0 || allowed.Any(name => Holds(name, model) || Holds(model, name))) return;
        problems.Errors.Add(new SettingError("inference.default_model", model, loaded.Effective["inference.default_model"].Source.Text,
            $"a model of inference.allowed_models is expected, for instance {allowed[0]}; or add this one to the list"));

        static bool Holds(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A server that is not LM Studio has no usual address.</summary>
    private static void CheckProvider(LoadedSettings loaded, SettingsProblems problems)
    {
        var provider = loaded.Effective["inference.provider"];
        if (loaded.Options.Inference.Provider == InferenceOptions.OpenAi && loaded.Effective["lmstudio.base_url"].Source.Layer == LayerKind.Default)
            problems.Errors.Add(new SettingError(provider.Key, provider.Text, provider.Source.Text,
                "the server's address is expected as well: inference.base_url, for instance https://api.openai.com/v1"));
    }

    /// <summary>A gateway that is its own backend answers every request with another request. Port 0 is an address that is not known yet.</summary>
    private static void CheckLoop(LoadedSettings loaded, SettingsProblems problems)
    {
        var setting = loaded.Effective["lmstudio.base_url"];
        foreach (var entry in loaded.Options.BackendEntries)
            if (entry.Url is { } url && IsOwn(new Uri(url)))
                problems.Errors.Add(new SettingError("backends", entry.ToString(), loaded.Effective["backends"].Source.Text, "this is the gateway's own address; a backend's is expected"));
        if (!loaded.Options.BackendEntries.Any(entry => entry is { Kind: BackendEntry.LmStudio or BackendEntry.OpenAi, Url: null }) || !IsOwn(new Uri(loaded.Options.LmStudio.BaseUrl))) return;
        problems.Errors.Add(new SettingError(setting.Key, setting.Text, setting.Source.Text,
            "this is the gateway's own address; LM Studio's is expected, for instance http://127.0.0.1:1234"));

        bool IsOwn(Uri backend) =>
            backend.Port != 0 && backend.IsLoopback && loaded.Options.Listen.Addresses.Any(address => address.Port == backend.Port && IsSame(address, backend.Host));

        static bool IsSame(ListenAddress address, string loopback) =>
            address.IsEveryInterface
            || address.IsLoopback && (address.Host == "localhost" || loopback == "localhost" || ListenAddress.ParseHost(loopback) == address.Host);
    }

    /// <summary>localhost is two addresses, and a free port of one need not be free on the other.</summary>
    private static void CheckFreePort(LoadedSettings loaded, SettingsProblems problems)
    {
        if (!loaded.Options.Listen.Addresses.Any(address => address is { Host: "localhost", Port: 0 })) return;
        var setting = loaded.Effective[loaded.Options.Listen.Urls.Count > 0 ? "listen.urls" : "listen.host"];
        problems.Errors.Add(new SettingError(setting.Key, setting.Text, setting.Source.Text, "with port 0 one address is expected: 127.0.0.1 or ::1"));
    }

    private static void WarnOfNoEffect(LoadedSettings loaded, SettingsProblems problems)
    {
        var hasKey = loaded.Options.Security.HasKeys;
        if (hasKey && loaded.Options.Passthrough.Authorization)
            problems.Warnings.Add("passthrough.authorization has no effect while a key is set: callers' tokens are the gateway's own key.");
        if (!loaded.Options.Listen.Http && !loaded.Options.Nats.IsOn)
            problems.Warnings.Add("Nobody can reach this service: listen.http is false and nats.url is off.");
        if (!hasKey && loaded.Options.Security.RequireAuthForHealth)
            problems.Warnings.Add("security.require_auth_for_health has no effect without a key.");
    }
}
