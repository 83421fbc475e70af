using System.Text.Json;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary>Reads a chat history of the checked shape into a prompt; image parts are looked up among the uploaded files.</summary>
internal static class History
{
    private const string Inline = "base64:";

    public static IReadOnlyList<PromptMessage> Read(JsonElement history, UploadedFiles files) =>
        [.. history.GetProperty("messages").EnumerateArray().SelectMany(message => Messages(message, files))];

    /// <summary>A tool message holds one result a part, and each is a turn of its own.</summary>
    private static IEnumerable<PromptMessage> Messages(JsonElement message, UploadedFiles files)
    {
        var role = message.GetProperty("role").GetString()!;
        var parts = message.GetProperty("content").EnumerateArray().Select(part => new EndpointCall(part)).ToList();
        if (role == "tool")
            return parts.Select(part => new PromptMessage(role, part.Text("content")!) { ToolCallId = part.Text("toolCallId") });
        return
        [
            new PromptMessage(role, string.Concat(Of(parts, "text").Select(part => part.Text("text"))))
            {
                Images = [.. Of(parts, "file").Where(part => part.Text("fileType") == "image").Select(part => Image(part.Text("identifier")!, files))],
                ToolCalls = [.. Of(parts, "toolCallRequest").Select(part => Call(new EndpointCall(part.Value("toolCallRequest")!.Value)))],
            },
        ];
    }

    private static IEnumerable<EndpointCall> Of(List<EndpointCall> parts, string type) => parts.Where(part => part.Text("type") == type);

    private static ToolCall Call(EndpointCall call) => new(call.Text("id") ?? "", call.Text("name")!, call.Value("arguments")?.GetRawText() ?? "{}");

    private static PromptImage Image(string identifier, UploadedFiles files)
    {
        if (identifier.StartsWith(Inline, StringComparison.Ordinal))
        {
            var content = Base64(identifier[Inline.Length..]) ?? throw new ProtocolException(new ProtocolError("Failed to decode the image."));
            return new PromptImage(ImageFormat.Of(content) ?? "application/octet-stream", content.Length);
        }

        var file = files.Find(identifier) ?? throw new ProtocolException(new ProtocolError($"Cannot find a file with identifier \"{identifier}\""));
        return new PromptImage(file.MediaType, file.Content.Length);
    }

    /// <summary>The bytes, or null when the text is no base64.</summary>
    public static byte[]? Base64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }
}
