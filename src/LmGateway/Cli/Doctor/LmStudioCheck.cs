using LmGateway.Configuration;
using LmStudio.Client;
using LmStudio.Client.Cli;
using LmStudio.Client.Rest;

namespace LmGateway.Cli.Doctor;

/// <summary>An LM Studio: whether it is installed, runs, serves, at this port, and lets the service in.</summary>
internal sealed class LmStudioCheck(BackendEntry entry, string baseUrl, string? token, Surroundings around)
{
    private const int UsualPort = 1234;
    private const string Url = "LMSTUDIO_BASE_URL";

    private readonly string check = entry.Name == entry.Kind ? "LM Studio" : $"LM Studio ({entry.Name})";
    private readonly Uri address = new(baseUrl);

    /// <summary>What is wrong, and the keys of the models that are there; null where they could not be listed.</summary>
    public async Task<(IReadOnlyList<Finding> Findings, IReadOnlyList<string>? Models)> RunAsync(CancellationToken cancellationToken)
    {
        if (await GreetsAsync(address, cancellationToken)) return await LookInsideAsync(cancellationToken);
        var somebody = await around.Neighbours.GetAsync(address, bearer: null, cancellationToken);
        var elsewhere = await ElsewhereAsync(cancellationToken);
        if (somebody is not null)
        {
            return ([new Finding(check, FindingLevel.Problem, "lmstudio_wrong_port", $"What answers at {baseUrl} is not LM Studio.", elsewhere is { } found
                ? $"LM Studio answers at {found}: set {Url}={found}"
                : $"Set {Url} to LM Studio's address (Developer tab, \"Reachable at\"), or name what this is: inference.provider: openai for any server with OpenAI's API.")], null);
        }

        if (elsewhere is { } other)
            return ([new Finding(check, FindingLevel.Problem, "lmstudio_wrong_port", $"Nothing answers at {baseUrl}, but LM Studio answers at {other}.", $"Set {Url}={other}, or start its server on this port: lms server start --port {address.Port}")], null);
        return ([await SilentAsync(cancellationToken), .. Program()], null);
    }

    /// <summary>Nobody listens: why, as far as this machine tells.</summary>
    private async Task<Finding> SilentAsync(CancellationToken cancellationToken)
    {
        if (!address.IsLoopback)
            return new Finding(check, FindingLevel.Problem, "lmstudio_unreachable", $"Nothing answers at {baseUrl}.", $"On that machine start LM Studio's server and switch \"Serve on Local Network\" on; see that its firewall lets port {address.Port} through. Or correct {Url}.");
        await using var anyhow = new LmStudioClient(new LmStudioClientOptions { HomeFolder = around.LmStudioHome, ConnectTimeout = TimeSpan.FromSeconds(2), ConnectAttempts = 1 });
        if (await anyhow.IsReachableAsync(cancellationToken))
            return new Finding(check, FindingLevel.Problem, "lmstudio_server_off", $"LM Studio runs, but its server is off: nothing answers at {baseUrl}.", $"Switch it on: Developer tab, \"Status: Running\"; or lms server start --port {address.Port}");
        var isInstalled = around.Lms.FindProgram() is not null || Directory.Exists(around.LmStudioHome);
        return isInstalled
            ? new Finding(check, FindingLevel.Problem, "lmstudio_not_running", $"LM Studio is installed, but does not run: nothing answers at {baseUrl}.", $"Start LM Studio and its server, or both at once: lms server start --port {address.Port} (lmgateway up does it too)")
            : new Finding(check, FindingLevel.Problem, "lmstudio_not_installed", $"LM Studio is not installed here, and nothing answers at {baseUrl}.", $"Get it from https://lmstudio.ai and start its server. One on another machine: {Url}=http://its-address:1234. To look around without it: lmgateway --demo");
    }

    private async Task<(IReadOnlyList<Finding>, IReadOnlyList<string>?)> LookInsideAsync(CancellationToken cancellationToken)
    {
        if (token is not null && !LmStudioClientOptions.IsApiToken(token))
            return ([Refused("lmstudio_token_wrong", "LM_API_TOKEN is not one of LM Studio's tokens (sk-lm-XXXXXXXX:YYYY…).")], null);
        await using var client = new LmStudioClient(new LmStudioClientOptions { BaseAddress = address, ApiToken = token, ConnectAttempts = 1, ConnectTimeout = TimeSpan.FromSeconds(3), RequestTimeout = TimeSpan.FromSeconds(5) });
        try
        {
            var models = await ListAsync(client.Rest, cancellationToken);
            Finding found = models.Count > 0
                ? Finding.Ok(check, $"Answers at {baseUrl}, {models.Count} models{(token is null ? "" : ", with an API token")}.")
                : new Finding(check, FindingLevel.Problem, "no_models", $"Answers at {baseUrl}, but has no models.", "Download one: lmgateway models pull qwen/qwen3-4b-2507, or in LM Studio");
            return ([found, .. Program()], models);
        }
        catch (LmStudioException failure) when (failure is LmStudioAuthenticationException or LmStudioHttpException { StatusCode: 401 or 403 })
        {
            return ([token is null
                ? Refused("lmstudio_token_needed", $"LM Studio at {baseUrl} asks for an API token.")
                : Refused("lmstudio_token_wrong", $"LM Studio at {baseUrl} refuses the API token.")], null);
        }
        catch (LmStudioException failure)
        {
            return ([new Finding(check, FindingLevel.Problem, "lmstudio_fault", $"LM Studio at {baseUrl} answers, but cannot list its models: {failure.Message}", "Restart LM Studio's server; its log is in the Developer tab, or: lms log stream")], null);
        }
    }

    private Finding Refused(string code, string message) =>
        new(check, FindingLevel.Broken, code, message, "Make a token in LM Studio (Developer tab, Server settings, \"Manage tokens\") and set LM_API_TOKEN; or switch \"Require authentication\" off there.");

    /// <summary>The REST API of LM Studio 0.4, or the one before it.</summary>
    private static async Task<IReadOnlyList<string>> ListAsync(RestApi rest, CancellationToken cancellationToken)
    {
        try
        {
            return [.. (await rest.ListModelsAsync(cancellationToken)).Select(model => model.Key)];
        }
        catch (LmStudioEndpointMissingException)
        {
            return [.. (await rest.ListModelsV0Async(cancellationToken)).Select(model => model.Id)];
        }
    }

    /// <summary>The program is needed for starts, downloads and imports only.</summary>
    private IEnumerable<Finding> Program()
    {
        if (!address.IsLoopback) yield break;
        if (around.Lms.FindProgram() is { } path) yield return Finding.Ok("lms", $"Is at {path}.");
        else yield return new Finding("lms", FindingLevel.Note, "lms_missing", "The lms program is not there: LM Studio cannot be started from here, and imports are done without it.", Directory.Exists(around.LmStudioHome) ? $"Run LM Studio once, then: {Path.Combine(around.LmStudioHome, "bin", "lms")} bootstrap" : "It comes with LM Studio: https://lmstudio.ai");
    }

    /// <summary>Another address of this machine where LM Studio answers: the port that it used last, or its usual one.</summary>
    private async Task<string?> ElsewhereAsync(CancellationToken cancellationToken)
    {
        if (!address.IsLoopback) return null;
        foreach (var port in new[] { around.LmStudioPort, UsualPort }.OfType<int>().Where(port => port != address.Port).Distinct())
        {
            var candidate = new Uri($"http://127.0.0.1:{port}");
            if (await GreetsAsync(candidate, cancellationToken)) return candidate.ToString().TrimEnd('/');
        }

        return null;
    }

    private async Task<bool> GreetsAsync(Uri server, CancellationToken cancellationToken) =>
        await around.Neighbours.GetAsync(new Uri(server, "/lmstudio-greeting"), bearer: null, cancellationToken) is { } answer && answer.Text.Contains("\"lmstudio\":true", StringComparison.Ordinal);
}
