using LmStudio.Client.Sockets;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Namespaces;

/// <summary>Searching and downloading models: <c>/repository</c>.</summary>
public sealed class RepositoryNamespace
{
    private readonly NamespaceSocket socket;
    private readonly LmStudioClientOptions options;

    internal RepositoryNamespace(NamespaceSocket socket, LmStudioClientOptions options) => (this.socket, this.options) = (socket, options);

    /// <summary>Models that can be downloaded.</summary>
    public Task<IReadOnlyList<ModelSearchResult>> SearchModelsAsync(ModelSearch search, CancellationToken cancellationToken = default) =>
        socket.CallAsync(
            SocketRequest.WithMembers("searchModels", search.Write),
            result => Results.List(result?.Member("results"), ModelSearchResult.TryRead),
            cancellationToken);

    /// <summary>The files that a model can be downloaded as.</summary>
    public Task<IReadOnlyList<ModelDownloadOption>> GetModelDownloadOptionsAsync(
        ModelSearchIdentifier model, CancellationToken cancellationToken = default)
    {
        var request = SocketRequest.WithMembers("getModelDownloadOptions", writer =>
        {
            writer.WriteStartObject("modelSearchResultIdentifier");
            writer.WriteString("type", model.Type);
            writer.WriteString("identifier", model.Identifier);
            writer.WriteEndObject();
        });
        return socket.CallAsync(request, result => Results.List(result?.Member("results"), ModelDownloadOption.TryRead), cancellationToken);
    }

    /// <summary>
    /// Downloads one file and returns the key to load it by. Cancelling sends the protocol's cancel; a lost connection does not stop
    /// the download, which is LM Studio's own job.
    /// </summary>
    public async Task<string> DownloadModelAsync(
        string downloadIdentifier, IProgress<DownloadEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        var request = SocketRequest.WithMembers("downloadModel", writer => writer.WriteString("downloadIdentifier", downloadIdentifier));
        var channel = await socket.OpenChannelAsync(request, cancellationToken).ConfigureAwait(false);
        await using var disposal = channel.ConfigureAwait(false);
        await foreach (var message in channel.ReadAsync(options.CancelTimeout, cancellationToken).ConfigureAwait(false))
        {
            if (message.Text("type") == "success")
            {
                channel.Finish();
                return Results.Text(message, "defaultIdentifier");
            }

            if (DownloadEvent.TryRead(message) is { } happened) progress?.Report(happened);
        }

        throw channel.ClosedEarly();
    }

    /// <summary>
    /// Lets LM Studio plan the download of a model, then carries the plan out; true when there was anything to download. A download
    /// of the same model that is under way is followed; a quantisation that does not exist is an error, not replaced. Missing in older versions. Cancelling works as for <see cref="DownloadModelAsync"/>.
    /// </summary>
    public async Task<bool> DownloadAsync(
        DownloadTarget target, IProgress<DownloadEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        var request = SocketRequest.WithMembers("createDownloadPlan", target.Write) with { CancelWord = "cancelPlan" };
        var channel = await socket.OpenChannelAsync(request, cancellationToken).ConfigureAwait(false);
        await using var disposal = channel.ConfigureAwait(false);
        await foreach (var message in channel.ReadAsync(options.CancelTimeout, cancellationToken).ConfigureAwait(false))
        {
            if (message.Text("type") == "success")
            {
                channel.Finish();
                return true;
            }

            if (DownloadEvent.TryRead(message) is not { } happened) continue;
            progress?.Report(happened);
            if (happened is not DownloadEvent.Planned { IsReady: true } ready) continue;
            if (target.Quantization is { } wanted && !ready.Plan.Selects(wanted)) throw VariantMissing(request.Endpoint, wanted);
            if (ready.Plan.Action == "none") return false;
            await channel.SendAsync("commit", cancelWord: "cancelDownload", cancellationToken).ConfigureAwait(false);
        }

        throw channel.ClosedEarly();
    }

    private static LmStudioRequestException VariantMissing(string endpoint, string quantization) =>
        new(endpoint, new LmStudioError { Title = $"Cannot find variant {quantization}." });
}
