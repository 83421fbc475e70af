using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace LmGateway.Cli;

/// <summary>Starts a job in the running service and follows it to its end. Leaving does not end the job.</summary>
internal sealed class ServiceJob : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient http;
    private readonly CommandSurroundings surroundings;
    private string told = "";

    public ServiceJob(Uri service, string? key, CommandSurroundings surroundings)
    {
        this.surroundings = surroundings;
        http = new HttpClient { BaseAddress = service, Timeout = Patience };
        if (key is not null) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Print JSON for programs, and nothing else.</summary>
    public bool Json { get; init; }

    public async Task<int> RunAsync(string path, string body, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            var job = await AskAsync(request, cancellationToken);
            while (Text(job, "state") is "queued" or "running")
            {
                Tell(job);
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
                using var again = new HttpRequestMessage(HttpMethod.Get, $"/admin/jobs/{Text(job, "id")}");
                job = await AskAsync(again, cancellationToken);
            }

            return End(job);
        }
        catch (HttpRequestException fault)
        {
            return Fail(fault.StatusCode is null ? $"The service at {http.BaseAddress} does not answer ({fault.Message}). Start it with 'lmgateway serve', or name it with --url." : fault.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Fail($"The service at {http.BaseAddress} did not answer within {Patience.TotalSeconds:0} s.");
        }
        catch (JsonException)
        {
            return Fail($"What answers at {http.BaseAddress} is not this service.");
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<JsonElement> AskAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var reply = await http.SendAsync(request, cancellationToken);
        var answer = JsonElement.Parse(await reply.Content.ReadAsStringAsync(cancellationToken));
        if (reply.IsSuccessStatusCode) return answer;
        var details = answer.TryGetProperty("details", out var list) && list.ValueKind == JsonValueKind.Array ? $" ({string.Join("; ", list.EnumerateArray())})" : "";
        throw new HttpRequestException($"{Text(answer, "error") ?? $"{(int)reply.StatusCode}"}{details}", inner: null, reply.StatusCode);
    }

    /// <summary>One line for each change that people can see.</summary>
    private void Tell(JsonElement job)
    {
        var figures = Number(job, "total") is { } total ? $"{Size(Number(job, "bytes") ?? 0)} of {Size(total)}" : "";
        var percent = job.TryGetProperty("percent", out var share) ? string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(share.GetDouble()):0} %") : Text(job, "state");
        var line = $"{Text(job, "message") ?? "Waiting"}: {percent}";
        if (Json || line == told) return;
        told = line;
        surroundings.Error.WriteLine($"{line}  {figures}".TrimEnd());
    }

    private int End(JsonElement job)
    {
        if (Json) surroundings.Out.WriteLine(job.GetRawText());
        if (Text(job, "state") != "done") return Json ? ExitCodes.Failed : Fail(Text(job, "error") ?? "The job failed.");
        if (Json) return ExitCodes.Success;
        var result = job.GetProperty("result");
        var names = result.TryGetProperty("objects", out var objects) ? objects : result.GetProperty("files");
        foreach (var name in names.EnumerateArray()) surroundings.Out.WriteLine(name.GetString());
        return ExitCodes.Success;
    }

    private int Fail(string message)
    {
        surroundings.Error.WriteLine($"lmgateway: {message}");
        return ExitCodes.Failed;
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : null;

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");
}
