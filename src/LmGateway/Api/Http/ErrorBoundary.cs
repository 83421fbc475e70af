using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LmGateway.Api.Http;

/// <summary>
/// Turns every failure of a request into the envelope of its route, gives unknown paths and methods one, and closes the connection
/// where a reply had begun already and cannot be finished truthfully.
/// </summary>
internal sealed partial class ErrorBoundary(RequestDelegate next, HttpDoor door, RouteErrors errors, ILogger<ErrorBoundary> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        using var visit = door.Enter(context);
        try
        {
            await next(context);
            if (!context.Response.HasStarted) await AnswerUnroutedAsync(context);
        }
        catch (GatewayException failure)
        {
            await FailAsync(context, failure.Error);
        }
        catch (BadHttpRequestException bad)
        {
            await FailAsync(context, ErrorOf(bad));
        }
        catch (Exception fault) when (context.RequestAborted.IsCancellationRequested && fault is OperationCanceledException or IOException)
        {
            context.Abort();
        }
        catch (Exception fault)
        {
            LogDefect(context.Request.Method, context.Request.Path, fault);
            await FailAsync(context, new GatewayError(ErrorCode.Internal, "The gateway failed on this request. The log has the details, under this request's id."));
        }
    }

    /// <summary>What the server itself has to say against a request.</summary>
    public static GatewayError ErrorOf(BadHttpRequestException bad) => bad.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => new(ErrorCode.BodyTooLarge, bad.Message),
        StatusCodes.Status408RequestTimeout => new(ErrorCode.RequestTooSlow, "The request body came too slowly. The limit is the setting limits.body_rate.") { Limit = "limits.body_rate" },
        _ => new(ErrorCode.InvalidRequest, bad.Message),
    };

    private Task AnswerUnroutedAsync(HttpContext context)
    {
        var request = context.Request;
        return context.Response.StatusCode switch
        {
            StatusCodes.Status405MethodNotAllowed => errors.WriteAsync(context, new GatewayError(ErrorCode.MethodNotAllowed, $"{request.Method} is not possible on {request.Path}; allowed: {context.Response.Headers.Allow}.")),
            StatusCodes.Status404NotFound when context.GetEndpoint() is null => errors.WriteAsync(context, new GatewayError(ErrorCode.RouteNotFound, Unknown(request))),
            _ => Task.CompletedTask,
        };
    }

    private static string Unknown(HttpRequest request) =>
        $"Unknown path: {request.Method} {request.Path}. OpenAI clients use the base URL {request.Scheme}://{request.Host}/v1.";

    private async Task FailAsync(HttpContext context, GatewayError error)
    {
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
            return;
        }

        var kept = context.Response.Headers.Where(header => BelongsToEveryReply(header.Key)).ToArray();
        context.Response.Clear();
        foreach (var (name, value) in kept) context.Response.Headers[name] = value;
        await errors.WriteAsync(context, error);
    }

    /// <summary>What was said about the request itself, and not about the reply that has failed.</summary>
    private static bool BelongsToEveryReply(string header) =>
        header is RequestIdentity.Header or "Vary" or "Allow" or "Connection" || header.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed by a defect of the gateway")]
    private partial void LogDefect(string method, string path, Exception fault);
}
