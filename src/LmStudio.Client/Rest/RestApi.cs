using System.Text.Json;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Rest;

/// <summary>
/// LM Studio's own HTTP API, <c>/api/v1</c> and <c>/api/v0</c>, as far as management needs it. It knows less than the WebSocket:
/// no progress, no identifier, no idle time and few settings.
/// </summary>
public sealed class RestApi
{
    private readonly RestTransport transport;
    private readonly LmStudioClientOptions options;

    internal RestApi(RestTransport transport, LmStudioClientOptions options) => (this.transport, this.options) = (transport, options);

    /// <summary>Every downloaded model with its loaded instances. From LM Studio 0.4.0.</summary>
    public Task<IReadOnlyList<RestModel>> ListModelsAsync(CancellationToken cancellationToken = default) =>
        transport.SendAsync(new("GET", "/api/v1/models"), body => Results.List(body.Member("models"), RestModel.TryRead), cancellationToken);

    /// <summary>Every downloaded model and whether it is loaded. From LM Studio 0.3.6.</summary>
    public Task<IReadOnlyList<RestModelV0>> ListModelsV0Async(CancellationToken cancellationToken = default) =>
        transport.SendAsync(new("GET", "/api/v0/models"), body => Results.List(body.Member("data"), RestModelV0.TryRead), cancellationToken);

    /// <summary>One model.</summary>
    public Task<RestModelV0> GetModelV0Async(string id, CancellationToken cancellationToken = default) =>
        transport.SendAsync(
            new("GET", "/api/v0/models/" + Escape(id)), body => Results.Require(body, RestModelV0.TryRead), cancellationToken);

    /// <summary>
    /// Loads another instance and answers when it is loaded, however long that takes (up to <see cref="LmStudioClientOptions.ChannelIdleTimeout"/>).
    /// A second load of the same model makes a second instance. Cancelling stops the wait, not the load.
    /// </summary>
    public async Task<RestLoadedModel> LoadModelAsync(
        string modelKey, LoadConfiguration? configuration = null, CancellationToken cancellationToken = default)
    {
        var plan = new RestLoadPlan(configuration);
        var request = new RestRequest("POST", "/api/v1/models/load", options.ChannelIdleTimeout, writer =>
        {
            writer.WriteString("model", modelKey);
            plan.Write(writer);
            writer.WriteBoolean("echo_load_config", true);
        });
        var loaded = await transport.SendAsync(request, body => Results.Require(body, RestLoadedModel.TryRead), cancellationToken).ConfigureAwait(false);
        return loaded with { NotApplied = plan.Compare(loaded.LoadConfig) };
    }

    /// <summary>Unloads the instance of that identifier.</summary>
    public Task UnloadModelAsync(string instanceId, CancellationToken cancellationToken = default) =>
        transport.SendAsync(
            new("POST", "/api/v1/models/unload", options.ChannelIdleTimeout, writer => writer.WriteString("instance_id", instanceId)),
            body => Results.Text(body, "instance_id"),
            cancellationToken);

    /// <summary>Begins a download. The model is a catalog name or a Hugging Face URL; only the latter takes a quantisation.</summary>
    public Task<RestDownload> DownloadModelAsync(string model, string? quantization = null, CancellationToken cancellationToken = default) =>
        transport.SendAsync(
            new("POST", "/api/v1/models/download", Body: writer =>
            {
                writer.WriteString("model", model);
                if (quantization is not null) writer.WriteString("quantization", quantization);
            }),
            body => Results.Require(body, RestDownload.TryRead),
            cancellationToken);

    /// <summary>How far a download is.</summary>
    public Task<RestDownload> GetDownloadStatusAsync(string jobId, CancellationToken cancellationToken = default) =>
        transport.SendAsync(
            new("GET", "/api/v1/models/download/status/" + Escape(jobId)), body => Results.Require(body, RestDownload.TryRead), cancellationToken);

    /// <summary>Keys have slashes, and LM Studio wants them as they are.</summary>
    private static string Escape(string id) => string.Join('/', id.Split('/').Select(Uri.EscapeDataString));
}
