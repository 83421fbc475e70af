using LmStudio.Client.Sockets;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Namespaces;

/// <summary>What language models and embedding models have in common: listing, loading, unloading, configuration, tokens.</summary>
public abstract class ModelNamespace
{
    private readonly bool forEmbedding;

    private protected ModelNamespace(NamespaceSocket socket, LmStudioClientOptions options, bool forEmbedding) =>
        (Socket, Options, this.forEmbedding) = (socket, options, forEmbedding);

    private protected NamespaceSocket Socket { get; }

    private protected LmStudioClientOptions Options { get; }

    /// <summary>The loaded instances of this kind.</summary>
    public Task<IReadOnlyList<InstanceInfo>> ListLoadedAsync(CancellationToken cancellationToken = default) =>
        Socket.CallAsync(new("listLoaded"), result => Results.List(result, InstanceInfo.TryRead), cancellationToken);

    /// <summary>The loaded instance that the specifier means; a typed error when there is none.</summary>
    public Task<InstanceInfo> GetModelInfoAsync(ModelSpecifier model, CancellationToken cancellationToken = default) =>
        Socket.CallAsync(Specified("getModelInfo", model, throwIfNotFound: true), result => Results.Require(result, InstanceInfo.TryRead), cancellationToken);

    /// <summary>The loaded instance that the specifier means, or null.</summary>
    public Task<InstanceInfo?> FindModelInfoAsync(ModelSpecifier model, CancellationToken cancellationToken = default) =>
        Socket.CallAsync(
            Specified("getModelInfo", model, throwIfNotFound: false),
            result => result is null ? null : Results.Require(result, InstanceInfo.TryRead),
            cancellationToken);

    /// <summary>The configuration that an instance was loaded with, as LM Studio has it in effect.</summary>
    public Task<KvConfig> GetLoadConfigAsync(ModelSpecifier model, CancellationToken cancellationToken = default) =>
        Socket.CallAsync(Specified("getLoadConfig", model), result => Results.Require(result, KvConfig.TryRead), cancellationToken);

    /// <summary>The settings that predictions with this instance start from.</summary>
    public Task<KvConfig> GetBasePredictionConfigAsync(ModelSpecifier model, CancellationToken cancellationToken = default) =>
        Socket.CallAsync(Specified("getBasePredictionConfig", model), result => Results.Require(result, KvConfig.TryRead), cancellationToken);

    /// <summary>What an instance is doing and how many requests wait for it.</summary>
    public Task<InstanceProcessingState> GetInstanceProcessingStateAsync(ModelSpecifier model, CancellationToken cancellationToken = default) =>
        Socket.CallAsync(
            Specified("getInstanceProcessingState", model, throwIfNotFound: true),
            result => Results.Require(result, InstanceProcessingState.TryRead),
            cancellationToken);

    /// <summary>What loading a model this way would need.</summary>
    public Task<ModelUsageEstimate> EstimateModelUsageAsync(
        string modelKey, LoadConfiguration? configuration = null, CancellationToken cancellationToken = default)
    {
        var plan = new LoadPlan(configuration, forEmbedding);
        var request = new SocketRequest("estimateModelUsage", writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("modelKey", modelKey);
            KvConfig.WriteStack(writer, "loadConfigStack", plan.Config);
            writer.WriteEndObject();
        });
        return Socket.CallAsync(request, result => Results.Require(result, ModelUsageEstimate.TryRead), cancellationToken);
    }

    /// <summary>
    /// Loads another instance. Cancelling sends the protocol's cancel and waits briefly for LM Studio to end the load; a load that
    /// finished meanwhile is returned. Settings that contradict each other throw <see cref="ArgumentException"/>.
    /// </summary>
    public Task<LoadedModel> LoadModelAsync(
        LoadModelRequest request, IProgress<LoadEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        var plan = new LoadPlan(request.Configuration, forEmbedding);
        var channel = new SocketRequest("loadModel", writer => request.Write(writer, plan.Config));
        return LoadAsync(channel, request.ReadBackConfiguration ? plan : null, progress, cancellationToken);
    }

    /// <summary>
    /// The loaded model of that name; loads one on demand when there is none, for which LM Studio may unload another that was loaded
    /// on demand. Cancelling works as for <see cref="LoadModelAsync"/>.
    /// </summary>
    public Task<LoadedModel> GetOrLoadAsync(
        GetOrLoadRequest request, IProgress<LoadEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        var plan = new LoadPlan(request.Configuration, forEmbedding);
        var channel = new SocketRequest("getOrLoad", writer => request.Write(writer, plan.Config));
        return LoadAsync(channel, request.ReadBackConfiguration ? plan : null, progress, cancellationToken);
    }

    /// <summary>Unloads the instance of that identifier (not a model's key); a typed error when there is none.</summary>
    public Task UnloadModelAsync(string identifier, CancellationToken cancellationToken = default) =>
        Socket.CallAsync(SocketRequest.WithMembers("unloadModel", writer => writer.WriteString("identifier", identifier)), cancellationToken, Options.ChannelIdleTimeout);

    /// <summary>Unloads an instance on the machine where it is.</summary>
    public Task UnloadModelAsync(InstanceInfo instance, CancellationToken cancellationToken = default) =>
        Socket.CallAsync(
            SocketRequest.WithMembers("unloadModel", writer =>
            {
                writer.WriteString("identifier", instance.Identifier);
                writer.WriteString("deviceIdentifier", instance.DeviceIdentifier);
            }),
            cancellationToken,
            Options.ChannelIdleTimeout);

    /// <summary>The tokens of a text.</summary>
    public Task<IReadOnlyList<int>> TokenizeAsync(ModelSpecifier model, string text, CancellationToken cancellationToken = default) =>
        Socket.CallAsync(
            WithInput("tokenize", "specifier", model, text),
            result => Results.Integers(result, "tokens"),
            cancellationToken);

    /// <summary>How many tokens a text has.</summary>
    public Task<int> CountTokensAsync(ModelSpecifier model, string text, CancellationToken cancellationToken = default) =>
        Socket.CallAsync(WithInput("countTokens", "specifier", model, text), result => Results.Integer(result, "tokenCount"), cancellationToken);

    private protected static SocketRequest WithInput(string endpoint, string specifierName, ModelSpecifier model, string text) =>
        SocketRequest.WithMembers(endpoint, writer =>
        {
            model.Write(writer, specifierName);
            writer.WriteString("inputString", text);
        });

    private static SocketRequest Specified(string endpoint, ModelSpecifier model, bool? throwIfNotFound = null) => SocketRequest.WithMembers(endpoint, writer =>
    {
        model.Write(writer, "specifier");
        if (throwIfNotFound is { } value) writer.WriteBoolean("throwIfNotFound", value);
    });

    private async Task<LoadedModel> LoadAsync(
        SocketRequest request, LoadPlan? plan, IProgress<LoadEvent>? progress, CancellationToken cancellationToken)
    {
        var channel = await Socket.OpenChannelAsync(request, cancellationToken).ConfigureAwait(false);
        await using var disposal = channel.ConfigureAwait(false);
        await foreach (var message in channel.ReadAsync(Options.CancelTimeout, cancellationToken).ConfigureAwait(false))
        {
            var type = message.Text("type");
            if (type is "success" or "loadSuccess" or "alreadyLoaded")
            {
                channel.Finish();
                var instance = Results.Require(message.Member("info"), InstanceInfo.TryRead);
                var loaded = new LoadedModel { Instance = instance, WasLoaded = type == "alreadyLoaded" };
                return plan is null ? loaded : await VerifyAsync(loaded, plan, cancellationToken).ConfigureAwait(false);
            }

            if (progress is not null && LoadEvent.TryRead(message) is { } happened) progress.Report(happened);
        }

        throw channel.ClosedEarly();
    }

    /// <summary>The load succeeded: failing to read its configuration back must not make it look failed.</summary>
    private async Task<LoadedModel> VerifyAsync(LoadedModel loaded, LoadPlan plan, CancellationToken cancellationToken)
    {
        if (!plan.AsksForSomething) return loaded with { NotApplied = plan.Unsupported };
        try
        {
            var effective = await GetLoadConfigAsync(loaded.Instance, cancellationToken).ConfigureAwait(false);
            return loaded with { EffectiveConfiguration = effective, NotApplied = plan.Compare(effective) };
        }
        catch (Exception e) when (e is LmStudioException or OperationCanceledException)
        {
            Options.Warn(loaded.Instance.Identifier, "The load configuration could not be read back: " + e.Message);
            return loaded with { NotApplied = plan.Unsupported };
        }
    }
}
