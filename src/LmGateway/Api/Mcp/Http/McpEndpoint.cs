using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Api.Mcp.Tools;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace LmGateway.Api.Mcp.Http;

/// <summary>
/// MCP over streamable HTTP at <c>/mcp</c>. Nothing is kept between messages, for old clients and new ones: a POST is one message, its
/// reply is its own stream, and a client that leaves it ends what it asked for.
/// </summary>
internal sealed class McpEndpoint(McpServers servers, CallsUnderWay calls, BodyBudget budget, LiveSettings settings, ShutdownLimit shutdown, ILoggerFactory loggers)
{
    public const string Path = "/mcp";

    public async Task PostAsync(HttpContext context)
    {
        if (McpRequestChecks.Accept(context.Request) is { } unacceptable)
        {
            await unacceptable.WriteAsync(context);
            return;
        }

        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var (json, version, refusal) = McpRequestChecks.Read(context.Request, body.Memory);
        var message = refusal is null ? Message(json) : null;
        if (message is null)
        {
            await (refusal ?? new McpRefusal(400, McpErrorCode.InvalidRequest, "Invalid request: this is no JSON-RPC message.")).WriteAsync(context);
            return;
        }

        var session = context.Request.Headers[CallsUnderWay.SessionHeader].ToString();
        if (message is JsonRpcNotification { Method: NotificationMethods.CancelledNotification })
        {
            if (json.TryGetProperty("params", out var parameters) && parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty("requestId", out var cancelled)) await calls.CancelAsync(session, cancelled.GetRawText());
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return;
        }

        message.Context = new JsonRpcMessageContext { ProtocolVersion = version };
        CallOrigin.Set(message, new ToolContext(context.Call("mcp"), SessionSettings.Read(context.Request, settings.Current)));
        if (message is JsonRpcRequest { Method: RequestMethods.Initialize }) context.Response.Headers[CallsUnderWay.SessionHeader] = CallsUnderWay.NewSession();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, shutdown.Token);
        using var tracked = session.Length > 0 && message is JsonRpcRequest ? calls.Track(session, json.GetProperty("id").GetRawText(), leaving) : null;
        await RunAsync(context, message, version, leaving);
    }

    private async Task RunAsync(HttpContext context, JsonRpcMessage message, string version, CancellationTokenSource leaving)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache,no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();

        await using var transport = new StreamableHttpServerTransport(loggers) { Stateless = true };
        await using var server = servers.Over(transport);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(leaving.Token);
        var running = server.RunAsync(ending.Token);
        try
        {
            var answered = await transport.HandlePostRequestAsync(message, response.Body, first => Starting(response, first, version), leaving.Token);
            if (answered) return;
            response.ContentType = null;
            response.StatusCode = StatusCodes.Status202Accepted;
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            // The client has left or cancelled, or the service ends; the tool hears of it by the same token. A cancelled call has no answer.
            if (context.RequestAborted.IsCancellationRequested || shutdown.Token.IsCancellationRequested) context.Abort();
        }
        finally
        {
            await ending.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The newer revisions give some errors a status of HTTP; the older ones answer every error with 200.</summary>
    private static ValueTask Starting(HttpResponse response, JsonRpcMessage? first, string version)
    {
        if (McpVersions.IsStateless(version) && first is JsonRpcError failed)
            response.StatusCode = (McpErrorCode)failed.Error.Code switch
            {
                McpErrorCode.MethodNotFound => StatusCodes.Status404NotFound,
                McpErrorCode.HeaderMismatch or McpErrorCode.MissingRequiredClientCapability or McpErrorCode.UnsupportedProtocolVersion => StatusCodes.Status400BadRequest,
                _ => response.StatusCode,
            };
        return ValueTask.CompletedTask;
    }

    private static JsonRpcMessage? Message(JsonElement json)
    {
        try
        {
            return json.Deserialize(McpJsonUtilities.DefaultOptions.GetTypeInfo<JsonRpcMessage>());
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

internal static class McpRoutes
{
    public static void MapMcp(this IEndpointRouteBuilder routes, GatewayOptions options)
    {
        if (!options.Mcp.Enabled) return;
        // No session, so nothing to listen to and nothing to end: only POST.
        routes.MapPost(McpEndpoint.Path, (HttpContext context, McpEndpoint endpoint) => endpoint.PostAsync(context)).Describe(new RouteNote("mcp", "The Model Context Protocol: tools and resources for agents")
        {
            Details = "JSON-RPC over streamable HTTP. An MCP client makes these requests by itself.",
            Takes = new(null),
            Gives = [new(null), new(null) { MediaType = ContentNote.EventStream }],
        });
    }
}
