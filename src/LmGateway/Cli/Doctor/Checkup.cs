using LmGateway.Configuration;
using LmGateway.Serving.BringUp;
using LmGateway.Vocabulary;

namespace LmGateway.Cli.Doctor;

/// <summary>Every check there is, for one set of settings.</summary>
internal sealed class Checkup(LoadedSettings loaded, Surroundings around)
{
    private readonly GatewayOptions options = loaded.Options;

    /// <summary>The checks in the order in which they are told. They run at the same time.</summary>
    /// <param name="ports">What was found about the addresses to listen on.</param>
    /// <param name="cancellationToken">Ends the checks.</param>
    public async Task<IReadOnlyList<Finding>> RunAsync(IReadOnlyList<Finding> ports, CancellationToken cancellationToken)
    {
        var nats = new NatsCheck(options.Nats, around.Neighbours).RunAsync(cancellationToken);
        var backends = await Task.WhenAll(options.BackendEntries.Select(entry => BackendAsync(entry, cancellationToken)));
        var findings = new List<Finding>(ports);
        findings.AddRange(backends.SelectMany(backend => backend.Findings).DistinctBy(finding => (finding.Check, finding.Message)));
        if (backends.All(backend => backend.Models is not null)) findings.AddRange(MissingModels([.. backends.SelectMany(backend => backend.Models!)]));
        findings.Add(await nats);
        findings.AddRange(new FolderCheck(options, around.FreeSpace).Run(withModels: options.BackendEntries.Any(IsLocalLmStudio)));
        return findings;
    }

    private async Task<(IReadOnlyList<Finding> Findings, IReadOnlyList<string>? Models)> BackendAsync(BackendEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Kind != BackendEntry.LmStudio) return ([await new ServerCheck(entry, options, around.Neighbours).RunAsync(cancellationToken)], null);
        var isUsual = entry.Url is null || entry.Url == options.LmStudio.BaseUrl;
        var token = entry.KeyAmong(options.BackendKeys) ?? (isUsual ? options.LmStudio.ApiToken : null);
        return await new LmStudioCheck(entry, entry.Url ?? options.LmStudio.BaseUrl, token, around).RunAsync(cancellationToken);
    }

    private bool IsLocalLmStudio(BackendEntry entry) => entry.Kind == BackendEntry.LmStudio && new Uri(entry.Url ?? options.LmStudio.BaseUrl).IsLoopback;

    /// <summary>Models that somebody has named in the settings; those that are only defaults may be missing.</summary>
    private IEnumerable<Finding> MissingModels(IReadOnlyList<string> models)
    {
        foreach (var key in new[] { "inference.default_model", "chat.default_regular_model", "chat.default_vision_model" })
        {
            var setting = loaded.Effective[key];
            if (setting.Source.Layer == LayerKind.Default || setting.Value is not string wanted || models.Any(model => IsSame(wanted, model))) continue;
            yield return new Finding("models", FindingLevel.Problem, "model_missing", $"{key} is {wanted} ({setting.Source}), which is not downloaded.", $"Download it: lmgateway models pull {wanted}; or name one that is there, such as {(models.Count > 0 ? models[0] : "none yet")}");
        }
    }

    private static bool IsSame(string wanted, string model) =>
        ModelNames.FindKey([new ModelInfo { Backend = "", Key = model, Type = ModelType.Unknown }], wanted) is not null
        || (wanted.Length >= 3 && model.Contains(wanted, StringComparison.OrdinalIgnoreCase));
}
