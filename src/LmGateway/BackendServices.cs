using LmGateway.Backends;
using LmGateway.Backends.LmStudio;
using LmGateway.Backends.Mock;
using LmGateway.Backends.Ollama;
using LmGateway.Backends.OpenAiCompatible;
using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LmGateway;

/// <summary>Which backends there are; the one place where settings become backends.</summary>
internal static class BackendServices
{
    public static IServiceCollection AddBackends(this IServiceCollection services, GatewayOptions options)
    {
        foreach (var entry in options.BackendEntries) services.AddSingleton<IBackend>(provider => Make(entry, options, provider));
        return services.AddHostedService<LmStudioLog>();
    }

    private static IBackend Make(BackendEntry entry, GatewayOptions options, IServiceProvider services)
    {
        var (own, time) = (OptionsFor(entry, options), services.GetRequiredService<TimeProvider>());
        return entry.Kind switch
        {
            BackendEntry.Ollama => new OllamaBackend(own, time, entry.Name),
            BackendEntry.OpenAi or BackendEntry.LlamaServer => new OpenAiBackend(own, time, entry.Name),
            BackendEntry.Mock => new MockBackend(own, time, entry.Name),
            _ => new LmStudioBackend(own, time, services.GetRequiredService<ILogger<LmStudioBackend>>(), entry.Name),
        };
    }

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
}
