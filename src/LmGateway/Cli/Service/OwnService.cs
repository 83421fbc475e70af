using System.Security.Cryptography;
using LmGateway.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Cli.Service;

/// <summary>
/// The whole service inside this process, for one command where none runs: on a free port of this machine, with a key that nobody else has,
/// and without answering anybody on NATS. So a command does by itself exactly what the service would have done.
/// </summary>
internal sealed class OwnService : IAsyncDisposable
{
    private readonly WebApplication app;

    private OwnService(WebApplication app, ServiceLocation location) => (this.app, Location) = (app, location);

    public ServiceLocation Location { get; }

    public static async Task<OwnService> StartAsync(GatewayOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var key = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        var own = options with
        {
            Listen = new ListenOptions { Port = 0 },
            Security = new SecurityOptions { ApiKey = key },
            Log = options.Log with { Level = LogThreshold.Error },
        };
        var built = GatewayHost.Build(own, time, answersNats: false);
        try
        {
            await built.StartAsync(cancellationToken);
            var address = built.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            return new OwnService(built, new ServiceLocation(new Uri(address + "/"), IsNamed: true, key));
        }
        catch
        {
            await built.DisposeAsync();
            throw;
        }
    }

    /// <summary>What it works with, as people name it.</summary>
    public static string Backends(GatewayOptions options) => options.Backends.Count > 0
        ? string.Join(", ", options.BackendEntries.Select(entry => entry.Kind switch
        {
            BackendEntry.LmStudio => $"LM Studio at {entry.Url ?? options.LmStudio.BaseUrl}",
            BackendEntry.Ollama => $"Ollama at {entry.Url ?? options.Ollama.BaseUrl}",
            BackendEntry.Mock => "canned replies",
            _ => $"{entry.Name} at {entry.Url}",
        }))
        : options.Inference.Provider switch
        {
            InferenceOptions.Mock => "canned replies",
            InferenceOptions.OpenAi => $"OpenAI's API at {options.LmStudio.BaseUrl}",
            _ => $"LM Studio at {options.LmStudio.BaseUrl}",
        };

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
    }
}
