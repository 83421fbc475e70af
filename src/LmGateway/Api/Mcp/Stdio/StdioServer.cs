using ModelContextProtocol.Server;

namespace LmGateway.Api.Mcp.Stdio;

/// <summary>MCP on a pair of streams: one message a line, until the client closes its end.</summary>
internal static class StdioServer
{
    public static async Task RunAsync(McpServers servers, Stream input, Stream output, CancellationToken cancellationToken)
    {
        await using var transport = new StreamServerTransport(input, output, McpServers.ServerName);
        await using var server = servers.Over(transport);
        try
        {
            await server.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to end by a signal instead of by its client.
        }
    }
}
