using System.Text.Json;
using LmGateway.Events;
using LmGateway.State;
using Microsoft.Extensions.Logging;

namespace LmGateway.Security;

/// <summary>Something that changed models or keys, or was to.</summary>
/// <param name="Api">The way it came: <c>http</c>, <c>nats</c>, <c>mcp</c>, <c>cli</c>.</param>
/// <param name="Path">What was asked for: a path, a subject, a tool, a command.</param>
internal sealed record AuditEntry(string Api, string Path)
{
    public string? Method { get; init; }

    /// <summary>The name of the key, or what else is known of who asked.</summary>
    public string? Caller { get; init; }

    public string? Address { get; init; }

    /// <summary>The model, instance, job or key that it was about; null where the request did not come so far as to tell.</summary>
    public string? Target { get; init; }

    public int? Status { get; init; }

    /// <summary><c>ok</c>, or the code of the error.</summary>
    public required string Result { get; init; }

    public string? RequestId { get; init; }
}

/// <summary>
/// Writes down who changed what, from where, and how it ended: a line of JSON at the end of <c>audit.jsonl</c> in the state folder, which is
/// never shortened. Bodies and secrets are not in it. A disk that cannot be written to is logged and holds nobody up.
/// </summary>
internal sealed partial class AuditFile(StateFolder folder, TimeProvider time, ILogger<AuditFile> logger) : IDisposable
{
    public const string FileName = "audit.jsonl";

    private readonly SemaphoreSlim writing = new(1, 1);

    /// <summary>Returns when the line is written. Waits for nothing but lines before it.</summary>
    public async Task WriteAsync(AuditEntry entry)
    {
        var line = Line(entry);
        await writing.WaitAsync();
        try
        {
            Directory.CreateDirectory(folder.Path);
            await using var file = new FileStream(System.IO.Path.Combine(folder.Path, FileName), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            await file.WriteAsync(line);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(fault.Message);
        }
        finally
        {
            writing.Release();
        }
    }

    public void Dispose() => writing.Dispose();

    private byte[] Line(AuditEntry entry)
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line, EventJson.Readable))
        {
            json.WriteStartObject();
            json.WriteString("time", EventJson.Time(time.GetUtcNow()));
            json.WriteString("api", entry.Api);
            json.WriteString("caller", entry.Caller);
            json.WriteString("address", entry.Address);
            if (entry.Method is not null) json.WriteString("method", entry.Method);
            json.WriteString("path", entry.Path);
            json.WriteString("target", entry.Target);
            if (entry.Status is { } status) json.WriteNumber("status", status);
            json.WriteString("result", entry.Result);
            if (entry.RequestId is not null) json.WriteString("requestId", entry.RequestId);
            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.ToArray();
    }

    [LoggerMessage(LogLevel.Warning, "The audit file cannot be written: {Reason}")]
    private partial void LogNotWritten(string reason);
}
