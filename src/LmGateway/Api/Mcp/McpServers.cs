using LmGateway.Api.Mcp.Tools;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace LmGateway.Api.Mcp;

/// <summary>Makes the MCP server that talks over one transport. All of them share the tools; none of them remembers anything.</summary>
internal sealed class McpServers(ToolList tools, ToolCaller caller, McpResources resources, ILoggerFactory loggers)
{
    /// <summary>Tells a running service from anything else that speaks MCP.</summary>
    public const string ServerName = "lmgateway";

    private const string Instructions =
        "Local language models on this machine. list_models and server_status cost nothing. chat gives bounded work to a local model: cheaper but slower and weaker than you. "
        + "Work that may take longer than a minute (a download, a long answer) goes through start_job, job_status and job_result. "
        + "To route work to agents call init_llm once, then get_instructions for each task.";

    private McpServerOptions? options;

    public McpServer Over(ITransport transport) => McpServer.Create(transport, options ??= Options(), new QuietLoggers(loggers));

    private McpServerOptions Options() => new()
    {
        ServerInfo = new Implementation { Name = ServerName, Title = "LmGateway", Version = McpPictures.Version },
        ServerInstructions = Instructions,
        ScopeRequests = false,
        Capabilities = new ServerCapabilities { Tools = new ToolsCapability(), Resources = new ResourcesCapability() },
        Handlers = new McpServerHandlers
        {
            ListToolsHandler = (_, _) => ValueTask.FromResult(new ListToolsResult { Tools = [.. tools.All.Select(tool => Describe(tool.Card))] }),
            CallToolHandler = caller.CallAsync,
            ListResourcesHandler = (_, _) => ValueTask.FromResult(McpResources.List()),
            ListResourceTemplatesHandler = (_, _) => ValueTask.FromResult(new ListResourceTemplatesResult()),
            ReadResourceHandler = resources.ReadAsync,
        },
    };

    private static Tool Describe(ToolCard card) => new()
    {
        Name = card.Name,
        Title = card.Title,
        Description = card.Description,
        InputSchema = card.Input,
        OutputSchema = card.Output,
        Annotations = new ToolAnnotations
        {
            Title = card.Title,
            ReadOnlyHint = card.ReadOnly,
            DestructiveHint = card.Destructive,
            IdempotentHint = card.Idempotent,
            OpenWorldHint = card.OpenWorld,
        },
    };

    /// <summary>The SDK logs each refused call with its stack; what matters of that is in the reply.</summary>
    private sealed class QuietLoggers(ILoggerFactory inner) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => new QuietLogger(inner.CreateLogger(categoryName));

        public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

        public void Dispose()
        {
        }
    }

    private sealed class QuietLogger(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(LogLevel.Debug);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) inner.Log(LogLevel.Debug, eventId, state, exception, formatter);
        }
    }
}
