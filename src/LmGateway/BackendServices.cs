using LmGateway.Backends;
using LmGateway.Backends.LmStudio;
using LmGateway.Backends.Mock;
using LmGateway.Backends.Ollama;
using LmGateway.Backends.OpenAiCompatible;
using LmGateway.Backends.Wire;
using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LmGateway;

/// <summary>Which backends there are; the one place where settings become backends.</summary>
internal static class BackendServices
{
    public static IServiceCollection AddBackends(this IServiceCollection services) => services
        .AddSingleton(provider => new BackendSet(provider.GetRequiredService<LiveSettings>(), options => Plan(options, provider)))
        .AddHostedService<LmStudioLog>();

    private static IReadOnlyList<BackendPlan> Plan(GatewayOptions options, IServiceProvider services) =>
        [.. options.BackendEntries.Select(entry => (Entry: entry, Own: OptionsFor(entry, options))).Select(one => new BackendPlan(FactsOf(one.Entry, one.Own), () => Make(one.Entry, one.Own, services)))];

    private static IBackend Make(BackendEntry entry, GatewayOptions own, IServiceProvider services)
    {
        var time = services.GetRequiredService<TimeProvider>();
        return entry.Kind switch
        {
            BackendEntry.Ollama => new OllamaBackend(own, time, entry.Name),
            BackendEntry.OpenAi or BackendEntry.LlamaServer => new OpenAiBackend(own, time, entry.Name),
            BackendEntry.Mock => new MockBackend(own, time, entry.Name),
            _ => new LmStudioBackend(own, time, services.GetRequiredService<ILogger<LmStudioBackend>>(), entry.Name),
        };
    }

    /// <summary>Everything that a backend reads from the settings: where it is the same, so is the backend.</summary>
    private static BackendFacts FactsOf(BackendEntry entry, GatewayOptions own) => new(entry.Name, entry.Kind, UpstreamSettings.Of(own, entry.Name, entry.Kind))
    {
        LmStudio = own.LmStudio with { LogEvents = false },
        Ollama = own.Ollama,
        Credential = (own.Inference.OpenAiApiKey, own.Inference.OpenAiOrganization),
        MockResponses = own.Inference.MockResponsesDir,
        Limits = (own.Timeouts.ControlMs, own.Scheduling.LoadTimeoutSeconds),
    };

    /// <summary>The settings as one backend sees them: its own address, and no key that was given for another address.</summary>
    private static GatewayOptions OptionsFor(BackendEntry entry, GatewayOptions options)
    {
        var key = entry.KeyAmong(options.BackendKeys);
        if (entry.Kind == BackendEntry.Ollama)
            return options with { Ollama = options.Ollama with { BaseUrl = entry.Url ?? options.Ollama.BaseUrl, ApiKey = key } };
        var isUsual = entry.Url is null || entry.Url == options.LmStudio.BaseUrl;
        return options with
        {
            LmStudio = options.LmStudio with { BaseUrl = entry.Url ?? options.LmStudio.BaseUrl, ApiToken = key ?? (isUsual ? options.LmStudio.ApiToken : null) },
            Inference = options.Inference with
            {
                OpenAiApiKey = key ?? (isUsual ? options.Inference.OpenAiApiKey : null),
                OpenAiOrganization = isUsual ? options.Inference.OpenAiOrganization : null,
            },
        };
    }

    private sealed record BackendFacts(string Name, string Kind, UpstreamSettings Upstream)
    {
        public required LmStudioOptions LmStudio { get; init; }
        public required OllamaOptions Ollama { get; init; }
        public required (string? Key, string? Organization) Credential { get; init; }
        public required string MockResponses { get; init; }
        public required (int ControlMs, int LoadSeconds) Limits { get; init; }
    }
}
