using System.Text;
using LmStudio.Simulator.Engine;
using Microsoft.AspNetCore.Http;

namespace LmStudio.Simulator.Http;

/// <summary>What every request passes: counting, the faults being played, authentication, then its route. Turns refusals into replies.</summary>
internal sealed class RequestGate(SimulatedLmStudio studio, RouteTable routes)
{
    private const string ControlPrefix = "/simulator/";
    private const string InternalError = """{"error":"Internal server error"}""";
    private const string Nonsense = "<html><body>It works!</body></html>";

    /// <summary>Answers an ordinary HTTP request.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        var path = request.Path.Value ?? "/";
        if (path.StartsWith(ControlPrefix, StringComparison.Ordinal))
        {
            await RunAsync(new HttpExchange(context, studio, await BodyAsync(request)), routes.Find(request.Method, path).Handler);
            return;
        }

        if (!studio.HttpServerRunning || studio.Faults.Take(path, FaultKind.Refuse) is not null)
        {
            context.Abort();
            return;
        }

        studio.Counters.RequestOpened();
        try
        {
            var body = await BodyAsync(request);
            var (name, handler) = routes.Find(request.Method, path);
            studio.Counters.RequestArrived(name, Seen(request, path, body));
            if (studio.Log.HasReaders) studio.Log.Server("debug", $"Received request: {request.Method} to {path}");
            if (studio.Faults.Take(path, FaultKind.ResetBeforeHeaders) is not null) context.Abort();
            else await RunAsync(new HttpExchange(context, studio, body), exchange => GuardedAsync(exchange, handler));
        }
        finally
        {
            studio.Counters.RequestClosed();
        }
    }

    /// <summary>Before a WebSocket upgrade: false when it is refused, and the refusal has been sent.</summary>
    public async Task<bool> AdmitWebSocketAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "/";
        switch (studio.Faults.Take(path, FaultKind.Refuse, FaultKind.WebsocketRefused)?.Kind)
        {
            case FaultKind.Refuse:
                context.Abort();
                return false;
            case FaultKind.WebsocketRefused:
                var refusal = HttpError.Unexpected(context.Request.Method, path);
                await new HttpExchange(context, studio, []).ReplyAsync(refusal.Body, refusal.Status);
                return false;
            default:
                return true;
        }
    }

    private async Task GuardedAsync(HttpExchange exchange, RouteHandler handler)
    {
        var path = exchange.Path;
        if (await PreflightAsync(exchange)) return;
        if (path != GreetingRoutes.Greeting && !IsAuthorized(exchange.Context.Request, path)) throw HttpError.Unauthorized();
        var fault = studio.Faults.Take(path, FaultKind.AuthRequired, FaultKind.ErrorStatus, FaultKind.Nonsense, FaultKind.RestMissing);
        switch (fault?.Kind)
        {
            case FaultKind.AuthRequired: throw HttpError.Unauthorized();
            case FaultKind.RestMissing when path.StartsWith("/api/v1", StringComparison.Ordinal): throw HttpError.Unexpected(exchange.Method, path);
            case FaultKind.ErrorStatus: await RawAsync(exchange.Context.Response, fault.Status, "application/json", fault.Body ?? InternalError); break;
            case FaultKind.Nonsense: await RawAsync(exchange.Context.Response, 200, "text/html", fault.Body ?? Nonsense); break;
            default: await handler(exchange); break;
        }
    }

    private static async Task RunAsync(HttpExchange exchange, RouteHandler handler)
    {
        try
        {
            await handler(exchange);
        }
        catch (HttpErrorException exception) when (!exchange.Context.Response.HasStarted)
        {
            await exchange.ReplyAsync(exception.Body, exception.Status);
        }
        catch (OperationCanceledException) when (exchange.Gone.IsCancellationRequested)
        {
            // The caller has gone, or a fault cut the connection: there is nobody to answer.
        }
    }

    private async Task<bool> PreflightAsync(HttpExchange exchange)
    {
        if (!studio.Settings.Cors) return false;
        var headers = exchange.Context.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        if (!HttpMethods.IsOptions(exchange.Method)) return false;
        headers.AccessControlAllowMethods = "*";
        headers.AccessControlAllowHeaders = "*";
        exchange.Context.Response.StatusCode = 204;
        await exchange.Context.Response.CompleteAsync();
        return true;
    }

    private bool IsAuthorized(HttpRequest request, string path)
    {
        if (studio.Settings.ApiToken is not { } token) return true;
        const string Scheme = "Bearer ";
        var authorization = request.Headers.Authorization.ToString();
        return (authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && authorization[Scheme.Length..] == token)
            || (path == MessagesRoutes.Path && request.Headers["x-api-key"] == token);
    }

    private static async Task RawAsync(HttpResponse response, int status, string type, string body)
    {
        response.StatusCode = status;
        response.ContentType = type;
        await response.WriteAsync(body, Encoding.UTF8, response.HttpContext.RequestAborted);
    }

    private static async Task<byte[]> BodyAsync(HttpRequest request)
    {
        if (request.ContentLength is null or 0 && !request.Headers.ContainsKey("Transfer-Encoding")) return [];
        using var buffer = new MemoryStream((int)Math.Min(request.ContentLength ?? 4096, 64 * 1024 * 1024));
        await request.Body.CopyToAsync(buffer, request.HttpContext.RequestAborted);
        return buffer.ToArray();
    }

    private static SeenRequest Seen(HttpRequest request, string path, byte[] body)
    {
        var headers = new Dictionary<string, string>(request.Headers.Count, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in request.Headers) headers[name] = value.ToString();
        return new SeenRequest(request.Method, path + request.QueryString.Value, headers, body);
    }
}
