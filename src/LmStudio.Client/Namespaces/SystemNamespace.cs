using LmStudio.Client.Sockets;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Namespaces;

/// <summary>The application itself: <c>/system</c>.</summary>
public sealed class SystemNamespace
{
    private readonly NamespaceSocket socket;

    internal SystemNamespace(NamespaceSocket socket) => this.socket = socket;

    /// <summary>Every downloaded model, language and embedding mixed.</summary>
    public Task<IReadOnlyList<ModelInfo>> ListDownloadedModelsAsync(CancellationToken cancellationToken = default) =>
        socket.CallAsync(new("listDownloadedModels"), result => Results.List(result, ModelInfo.TryRead), cancellationToken);

    /// <summary>The downloaded variants of one model. Missing in older versions.</summary>
    public Task<IReadOnlyList<ModelInfo>> ListDownloadedModelVariantsAsync(string modelKey, CancellationToken cancellationToken = default) =>
        socket.CallAsync(
            SocketRequest.WithMembers("listDownloadedModelVariants", writer => writer.WriteString("modelKey", modelKey)),
            result => Results.List(result, ModelInfo.TryRead),
            cancellationToken);

    /// <summary>LM Studio's version.</summary>
    public Task<LmStudioVersion> GetVersionAsync(CancellationToken cancellationToken = default) =>
        socket.CallAsync(new("version"), result => Results.Require(result, LmStudioVersion.TryRead), cancellationToken);

    /// <summary>The process that answers. Missing in older versions.</summary>
    public Task<LmStudioProcess> GetInfoAsync(CancellationToken cancellationToken = default) =>
        socket.CallAsync(new("info"), result => Results.Require(result, LmStudioProcess.TryRead), cancellationToken);

    /// <summary>Shows a notification in the application.</summary>
    public Task NotifyAsync(string title, string? description = null, CancellationToken cancellationToken = default) =>
        socket.CallAsync(
            SocketRequest.WithMembers("notify", writer =>
            {
                writer.WriteString("title", title);
                if (description is not null) writer.WriteString("description", description);
            }),
            cancellationToken);

    /// <summary>Starts the HTTP server; what is null is LM Studio's choice.</summary>
    public Task StartHttpServerAsync(HttpServerSettings settings, CancellationToken cancellationToken = default) =>
        socket.CallAsync(
            SocketRequest.WithMembers("startHttpServer", writer =>
            {
                if (settings.Port is { } port) writer.WriteNumber("port", port);
                if (settings.Cors is { } cors) writer.WriteBoolean("cors", cors);
                if (settings.NetworkInterface is { } address) writer.WriteString("networkInterface", address);
            }),
            cancellationToken);

    /// <summary>Stops the HTTP server, which ends this connection too when it runs over it. Models stay loaded.</summary>
    public Task StopHttpServerAsync(CancellationToken cancellationToken = default) =>
        socket.CallAsync(new("stopHttpServer"), cancellationToken);

    /// <summary>Asks a headless LM Studio to end.</summary>
    public Task RequestShutdownAsync(CancellationToken cancellationToken = default) =>
        socket.CallAsync(new("requestShutdown"), cancellationToken);
}
