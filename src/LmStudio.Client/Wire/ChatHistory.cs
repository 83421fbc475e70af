using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>The conversation that a prediction continues.</summary>
public sealed record ChatHistory(IReadOnlyList<ChatMessage> Messages)
{
    /// <summary>A conversation of one user message.</summary>
    public static ChatHistory FromUser(string text) => new([ChatMessage.User(text)]);

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("history");
        writer.WriteStartArray("messages");
        foreach (var message in Messages) message.Write(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}

/// <summary>
/// One message: <c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>, and its parts. LM Studio's history has no place for
/// earlier reasoning: leave it out.
/// </summary>
public sealed record ChatMessage(string Role, IReadOnlyList<ChatPart> Parts)
{
    /// <summary>Instructions.</summary>
    public static ChatMessage System(string text) => new("system", [new ChatPart.Text(text)]);

    /// <summary>What the user says, with files; they come before the text, as LM Studio's own client puts them.</summary>
    public static ChatMessage User(string text, params IEnumerable<UploadedFile> files) =>
        new("user", [.. files.Select(file => new ChatPart.File(file)), new ChatPart.Text(text)]);

    /// <summary>What the model said, with the tool calls that it made.</summary>
    public static ChatMessage Assistant(string text, params IEnumerable<ToolCallRequest> toolCalls)
    {
        var calls = toolCalls.Select(call => new ChatPart.ToolCall(call)).ToList();
        return new("assistant", text.Length > 0 || calls.Count == 0 ? [new ChatPart.Text(text), .. calls] : [.. calls]);
    }

    /// <summary>What the tools answered.</summary>
    public static ChatMessage Tool(params IEnumerable<ToolCallResult> results) =>
        new("tool", [.. results.Select(result => new ChatPart.ToolResult(result))]);

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("role", Role);
        writer.WriteStartArray("content");
        foreach (var part in Parts) part.Write(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}

/// <summary>One part of a message.</summary>
public abstract record ChatPart
{
    private ChatPart()
    {
    }

    /// <summary>Text.</summary>
    public sealed record Text(string Content) : ChatPart;

    /// <summary>A file that was uploaded.</summary>
    public sealed record File(UploadedFile Upload) : ChatPart;

    /// <summary>A tool call that the model made; only in assistant messages.</summary>
    public sealed record ToolCall(ToolCallRequest Request) : ChatPart;

    /// <summary>A tool's answer; only in tool messages.</summary>
    public sealed record ToolResult(ToolCallResult Result) : ChatPart;

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        switch (this)
        {
            case Text text:
                writer.WriteString("type", "text");
                writer.WriteString("text", text.Content);
                break;
            case File { Upload: var upload }:
                writer.WriteString("type", "file");
                writer.WriteString("name", upload.Name);
                writer.WriteString("identifier", upload.Identifier);
                writer.WriteNumber("sizeBytes", upload.SizeBytes);
                writer.WriteString("fileType", upload.FileType);
                break;
            case ToolCall { Request: var request }:
                writer.WriteString("type", "toolCallRequest");
                request.Write(writer, "toolCallRequest");
                break;
            case ToolResult { Result: var result }:
                writer.WriteString("type", "toolCallResult");
                writer.WriteString("content", result.Content);
                if (result.ToolCallId is not null) writer.WriteString("toolCallId", result.ToolCallId);
                if (result.Name is not null) writer.WriteString("name", result.Name);
                break;
        }

        writer.WriteEndObject();
    }
}

/// <summary>A tool's answer to a call.</summary>
public sealed record ToolCallResult(string Content, string? ToolCallId = null, string? Name = null);

/// <summary>A call of a tool. The arguments are an object.</summary>
public sealed record ToolCallRequest(string Name, string? Id = null, JsonElement? Arguments = null)
{
    internal static ToolCallRequest? TryRead(JsonElement json) =>
        json.Text("name") is { } name ? new ToolCallRequest(name, json.Text("id"), json.Member("arguments")) : null;

    internal void Write(Utf8JsonWriter writer, string member)
    {
        writer.WriteStartObject(member);
        if (Id is not null) writer.WriteString("id", Id);
        writer.WriteString("type", "function");
        writer.WriteString("name", Name);
        if (Arguments is { } arguments)
        {
            writer.WritePropertyName("arguments");
            arguments.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}

/// <summary>
/// A file that LM Studio holds for this client. It lives as long as the client keeps a connection open.
/// </summary>
public sealed record UploadedFile(string Name, string Identifier, string FileType, long SizeBytes)
{
    internal static UploadedFile? TryRead(JsonElement json, string name) =>
        json.Text("identifier") is { } identifier
            ? new UploadedFile(name, identifier, json.Text("fileType") ?? "unknown", json.Int64("sizeBytes") ?? 0)
            : null;
}
