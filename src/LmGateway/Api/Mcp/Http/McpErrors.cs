using LmGateway.Api.Http;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;

namespace LmGateway.Api.Mcp.Http;

/// <summary>The gateway's errors on <c>/mcp</c>, before a tool is called: JSON-RPC errors with the status of HTTP.</summary>
internal static class McpErrors
{
    public static Task WriteAsync(HttpContext context, GatewayError error)
    {
        JsonReply.DescribeFailure(context, error);
        var (status, code) = error.Code switch
        {
            ErrorCode.InvalidRequest => (400, McpErrorCode.InvalidRequest),
            ErrorCode.Unauthorized => (401, McpErrorCode.InvalidRequest),
            ErrorCode.Forbidden => (403, McpErrorCode.InvalidRequest),
            ErrorCode.RouteNotFound => (404, McpErrorCode.InvalidRequest),
            ErrorCode.MethodNotAllowed => (405, McpErrorCode.InvalidRequest),
            ErrorCode.BodyTooLarge => (413, McpErrorCode.InvalidRequest),
            ErrorCode.UnsupportedMediaType => (415, McpErrorCode.InvalidRequest),
            ErrorCode.HeadersTooLarge => (431, McpErrorCode.InvalidRequest),
            ErrorCode.RequestTooSlow => (408, McpErrorCode.InvalidRequest),
            ErrorCode.RateLimited => (429, McpErrorCode.InvalidRequest),
            ErrorCode.Draining or ErrorCode.Overloaded or ErrorCode.QueueFull => (503, McpErrorCode.InternalError),
            _ => (500, McpErrorCode.InternalError),
        };
        return new McpRefusal(status, code, error.Message).WriteAsync(context);
    }
}
