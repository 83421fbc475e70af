using System.Net.Http.Headers;
using System.Text.Json;
using LmGateway.Cli.Service;
using LmGateway.Configuration;

namespace LmGateway.Cli.Completion;

/// <summary>The names of models for a shell that completes a word: from the service where it answers at once, and none, without a word, otherwise.</summary>
internal static class ModelNames
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Shells wait for it, and the command line library asks for it without a task.</summary>
    public static IEnumerable<string> Known(CommandSurroundings surroundings)
    {
        try
        {
            var options = SettingsLoader.Load(SettingsFiles.Read(new SettingsPlaces { WorkingFolder = surroundings.WorkingFolder, Environment = surroundings.Environment })).Options;
            var location = ServiceLocation.Of(options, url: null, key: null, surroundings);
            using var http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = Patience, UseProxy = false }) { BaseAddress = location.Address, Timeout = Patience };
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("v1/models", UriKind.Relative));
            if (location.Key is { } key) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var reply = http.Send(request);
            using var body = reply.Content.ReadAsStream();
            using var document = JsonDocument.Parse(body);
            return [.. document.RootElement.Items("data").Select(model => model.Text("id")).OfType<string>().Distinct(StringComparer.Ordinal)];
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or JsonException or IOException or UnauthorizedAccessException or CommandException)
        {
            return [];
        }
    }
}
