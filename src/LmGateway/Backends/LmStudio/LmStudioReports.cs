using System.Collections.Concurrent;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;
using LmStudio.Client;
using LmStudio.Client.Wire;
using ModelInfo = LmStudio.Client.Wire.ModelInfo;

namespace LmGateway.Backends.LmStudio;

/// <summary>
/// Looks at LM Studio: is it there, is it LM Studio, what is downloaded and loaded, which ways of control answer. The WebSocket tells
/// most; REST v1, REST v0 and the OpenAI list are asked in this order where it is refused.
/// </summary>
internal sealed class LmStudioReports(LmStudioHomestead home, HttpUpstream upstream, LmStudioClient client)
{
    private readonly OpenAiListing listing = new(home.Node, home.Backend, upstream);

    /// <summary>An instance's parallelism does not change while it is loaded; it is read once for each load.</summary>
    private readonly ConcurrentDictionary<string, int?> parallels = new(StringComparer.Ordinal);

    public async Task<BackendReport> LookAsync(CancellationToken cancellationToken)
    {
        if (!await GreetsAsync(cancellationToken)) return await PlainAsync(cancellationToken);
        var rest = ListOverRestAsync(cancellationToken);
        try
        {
            var report = await ListOverSocketAsync(cancellationToken);
            var restAnswers = await rest is not null;
            return report with { Control = new ControlChannels(WebSocket: true, restAnswers, home.HasCli()) };
        }
        catch (LmStudioException refused)
        {
            var problem = $"LM Studio's control connection (WebSocket) is refused: {refused.Message} Models are loaded by LM Studio itself when they are asked for.";
            var listed = await rest;
            var report = listed ?? await ListOverOldRestAsync(cancellationToken) ?? await ListModelsAsync(cancellationToken);
            return report with { Control = new ControlChannels(WebSocket: false, listed is not null, home.HasCli()), Problem = problem };
        }
    }

    /// <summary>How many requests the instance runs at once; null where LM Studio does not say.</summary>
    public async Task<int?> ParallelAsync(InstanceInfo instance, CancellationToken cancellationToken)
    {
        if (instance.IsEmbedding) return null;
        if (parallels.TryGetValue(instance.InstanceReference, out var known)) return known;
        var config = await client.Llm.GetLoadConfigAsync(instance, cancellationToken);
        var parallel = config.Find("llm.load.numParallelSessions") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : (int?)null;
        return parallels[instance.InstanceReference] = parallel;
    }

    private async Task<bool> GreetsAsync(CancellationToken cancellationToken)
    {
        var body = await listing.GetAsync("/lmstudio-greeting", cancellationToken);
        return body is { ValueKind: JsonValueKind.Object } greeting && greeting.TryGetProperty("lmstudio", out var flag) && flag.ValueKind == JsonValueKind.True;
    }

    private async Task<BackendReport> ListOverSocketAsync(CancellationToken cancellationToken)
    {
        var downloads = client.System.ListDownloadedModelsAsync(cancellationToken);
        var llms = client.Llm.ListLoadedAsync(cancellationToken);
        var embedders = client.Embedding.ListLoadedAsync(cancellationToken);
        await Task.WhenAll(downloads, llms, embedders);
        var downloaded = await downloads;
        InstanceInfo[] loaded = [.. await llms, .. await embedders];
        var instances = new List<ModelInstance>(loaded.Length);
        foreach (var instance in loaded)
            instances.Add(LmStudioMapping.Instance(home.Here, instance, LmStudioMapping.KeyOf(instance, downloaded), await ParallelOrNullAsync(instance, cancellationToken)));
        Forget(loaded);
        return Report([.. downloaded.Where(IsModel).Select(model => LmStudioMapping.Model(home.Backend, model))], instances);
    }

    /// <summary>The instance may go while it is asked about; that is no fault of the look.</summary>
    private async Task<int?> ParallelOrNullAsync(InstanceInfo instance, CancellationToken cancellationToken)
    {
        try
        {
            return await ParallelAsync(instance, cancellationToken);
        }
        catch (LmStudioRequestException)
        {
            return null;
        }
    }

    private void Forget(InstanceInfo[] loaded)
    {
        foreach (var reference in parallels.Keys)
            if (!loaded.Any(instance => instance.InstanceReference == reference)) parallels.TryRemove(reference, out _);
    }

    /// <summary>Vision projectors can be listed as models of their own; nobody can load them.</summary>
    private static bool IsModel(ModelInfo model) => model.Architecture?.Contains("clip", StringComparison.OrdinalIgnoreCase) != true;

    private async Task<BackendReport?> ListOverRestAsync(CancellationToken cancellationToken)
    {
        try
        {
            return LmStudioRestMapping.Report(home.Here, await client.Rest.ListModelsAsync(cancellationToken));
        }
        catch (LmStudioException)
        {
            return null;
        }
    }

    private async Task<BackendReport?> ListOverOldRestAsync(CancellationToken cancellationToken)
    {
        try
        {
            return LmStudioRestMapping.Report(home.Here, await client.Rest.ListModelsV0Async(cancellationToken));
        }
        catch (LmStudioException)
        {
            return null;
        }
    }

    private async Task<BackendReport> PlainAsync(CancellationToken cancellationToken) =>
        (await listing.LookAsync(cancellationToken) ?? throw NoList()) with { Traits = OpenAiListing.Traits };

    /// <summary>LM Studio itself lists what it has downloaded too, so nothing is known to be loaded.</summary>
    private async Task<BackendReport> ListModelsAsync(CancellationToken cancellationToken) =>
        Report(await listing.ModelsAsync(cancellationToken) ?? throw NoList(), []);

    private GatewayException NoList() =>
        new(new GatewayError(ErrorCode.BackendFault, $"The server at {home.Address} answers, but neither as LM Studio nor with a list of models at /v1/models.") { Backend = home.Backend });

    private static BackendReport Report(IReadOnlyList<Vocabulary.ModelInfo> models, IReadOnlyList<ModelInstance> instances) =>
        new() { Models = models, Instances = instances, Control = ControlChannels.None };
}
