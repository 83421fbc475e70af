using System.Text.Json;
using LmStudio.Client.Wire;

namespace LmStudio.Client;

/// <summary>Finds the two servers of LM Studio: the one that speaks WebSocket and the one that speaks HTTP.</summary>
internal sealed class Discovery(LmStudioClientOptions options, HttpClient http)
{
    private const int DefaultHttpPort = 1234;
    private const int MaxGreetingBytes = 4096;
    private static readonly int[] ApiPorts = [41343, 52993, 16141, 39414, 22931];

    private readonly LmStudioAddress? given = options.BaseAddress is { } address ? LmStudioAddress.Of(address) : null;

    /// <summary>The given address; else the first local server that greets as LM Studio, the port file's first; else null.</summary>
    public async Task<LmStudioAddress?> FindSocketServerAsync(CancellationToken cancellationToken)
    {
        if (given is not null) return given;
        if (ReadInternalFile("http-server.json").Int32("port") is { } port && IsPort(port)
            && await GreetsAsync(LmStudioAddress.Local(port), cancellationToken).ConfigureAwait(false))
            return LmStudioAddress.Local(port);

        var greetings = ApiPorts.Select(async candidate =>
            (candidate, greets: await GreetsAsync(LmStudioAddress.Local(candidate), cancellationToken).ConfigureAwait(false)));
        await foreach (var greeting in Task.WhenEach(greetings).ConfigureAwait(false))
            if (await greeting.ConfigureAwait(false) is { greets: true } found)
                return LmStudioAddress.Local(found.candidate);
        return null;
    }

    /// <summary>The given address; else the port that LM Studio's HTTP server used last; else its default.</summary>
    public LmStudioAddress FindHttpServer() =>
        given ?? LmStudioAddress.Local(ReadInternalFile("http-server-config.json").Int32("port") is { } port && IsPort(port) ? port : DefaultHttpPort);

    /// <summary>Whether LM Studio itself answers there. The body decides: other servers answer 200 too.</summary>
    public async Task<bool> GreetsAsync(LmStudioAddress address, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var response = await http.GetAsync(
                address.HttpUri("/lmstudio-greeting"), HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode) return false;
            await response.Content.LoadIntoBufferAsync(MaxGreetingBytes, either.Token).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            return Parse(body).Flag("lmstudio") == true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private static bool IsPort(int port) => port is > 0 and <= ushort.MaxValue;

    private JsonElement ReadInternalFile(string name)
    {
        try
        {
            return Parse(File.ReadAllBytes(Path.Combine(options.HomeFolder ?? LmStudioHome.Find(), ".internal", name)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    private static JsonElement Parse(byte[] json)
    {
        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
