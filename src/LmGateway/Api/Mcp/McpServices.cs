using LmGateway.Api.Mcp.Http;
using LmGateway.Api.Mcp.Routing;
using LmGateway.Api.Mcp.Tools;
using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Api.Mcp;

internal static class McpServices
{
    /// <param name="services">Where to.</param>
    /// <param name="trustWorkingFolder">Whether the routing files of the working folder count.</param>
    public static IServiceCollection AddMcp(this IServiceCollection services, bool trustWorkingFolder) => services
        .AddSingleton(services => RoutingFolders.Of(services.GetRequiredService<LiveSettings>().Current, trustWorkingFolder))
        .AddSingleton<RoutingFiles>()
        .AddSingleton<McpPictures>()
        .AddSingleton<ToolRuns>()
        .AddSingleton<ToolModels>()
        .AddSingleton<ToolGeneration>()
        .AddSingleton<McpTool, InitLlmTool>()
        .AddSingleton<McpTool, GetInstructionsTool>()
        .AddSingleton<McpTool, ListModelsTool>()
        .AddSingleton<McpTool, ServerStatusTool>()
        .AddSingleton<McpTool, LoadModelTool>()
        .AddSingleton<McpTool, UnloadModelTool>()
        .AddSingleton<McpTool, PullModelTool>()
        .AddSingleton<McpTool, DeleteModelTool>()
        .AddSingleton<McpTool, ChatTool>()
        .AddSingleton<McpTool, EmbedTool>()
        .AddSingleton<McpTool, StartJobTool>()
        .AddSingleton<McpTool, JobStatusTool>()
        .AddSingleton<McpTool, JobResultTool>()
        .AddSingleton<McpTool, CancelJobTool>()
        .AddSingleton<ToolList>()
        .AddSingleton<ToolCaller>()
        .AddSingleton<McpResources>()
        .AddSingleton<McpServers>()
        .AddSingleton<CallsUnderWay>()
        .AddSingleton<McpEndpoint>();
}
