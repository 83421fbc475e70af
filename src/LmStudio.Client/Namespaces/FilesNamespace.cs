using LmStudio.Client.Sockets;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Namespaces;

/// <summary>Files for conversations: <c>/files</c>.</summary>
public sealed class FilesNamespace
{
    private readonly NamespaceSocket socket;

    internal FilesNamespace(NamespaceSocket socket) => this.socket = socket;

    /// <summary>Uploads a file, such as an image, to be put into a history.</summary>
    public Task<UploadedFile> UploadFileAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        var request = SocketRequest.WithMembers("uploadFileBase64", writer =>
        {
            writer.WriteString("name", name);
            writer.WriteBase64String("contentBase64", content.Span);
        });
        return UploadAsync(request, name, cancellationToken);
    }

    /// <summary>The same for content that is base64 already.</summary>
    public Task<UploadedFile> UploadFileBase64Async(string name, string contentBase64, CancellationToken cancellationToken = default)
    {
        var request = SocketRequest.WithMembers("uploadFileBase64", writer =>
        {
            writer.WriteString("name", name);
            writer.WriteString("contentBase64", contentBase64);
        });
        return UploadAsync(request, name, cancellationToken);
    }

    private Task<UploadedFile> UploadAsync(SocketRequest request, string name, CancellationToken cancellationToken) =>
        socket.CallAsync(request, result => Results.Require(result, json => UploadedFile.TryRead(json, name)), cancellationToken);
}
