using System.Text.Json;
using LmGateway.Events;
using LmGateway.Security;
using LmGateway.State;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LmGateway.Api.Http;

/// <summary>
/// Writes down who changed what: each request that may change models or keys, and how it ended, is a line of JSON at the end of
/// <c>audit.jsonl</c> in the state folder. Bodies are not in it. A disk that cannot be written to is logged and holds nobody up.
/// </summary>
internal sealed partial class AuditTrail(StateFolder folder, TimeProvider time, ILogger<AuditTrail> logger) : IDisposable
{
    public const string FileName = "audit.jsonl";

    private readonly SemaphoreSlim writing = new(1, 1);

    public Task FollowAsync(HttpContext context, RequestDelegate next) => Changes(context.Request) ? FollowChangeAsync(context, next) : next(context);

    public void Dispose() => writing.Dispose();

    private async Task FollowChangeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        finally
        {
            await WriteAsync(Line(context));
        }
    }

    private static bool Changes(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && !HttpMethods.IsOptions(request.Method)
        && (RouteScopes.Of(request.Method, request.Path) & (KeyScopes.Admin | KeyScopes.Models)) != KeyScopes.None;

    private byte[] Line(HttpContext context)
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line, EventJson.Readable))
        {
            var caller = context.Features.Get<CallerIdentity>();
            json.WriteStartObject();
            json.WriteString("time", EventJson.Time(time.GetUtcNow()));
            json.WriteString("caller", caller?.Name);
            json.WriteString("address", caller?.Address.ToString() ?? context.Connection.RemoteIpAddress?.ToString());
            json.WriteString("method", context.Request.Method);
            json.WriteString("path", context.Request.Path.Value);
            json.WriteNumber("status", context.Response.StatusCode);
            json.WriteString("requestId", context.TraceIdentifier);
            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.ToArray();
    }

    private async Task WriteAsync(byte[] line)
    {
        await writing.WaitAsync();
        try
        {
            Directory.CreateDirectory(folder.Path);
            await using var file = new FileStream(Path.Combine(folder.Path, FileName), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
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

    [LoggerMessage(LogLevel.Warning, "The audit file cannot be written: {Reason}")]
    private partial void LogNotWritten(string reason);
}
