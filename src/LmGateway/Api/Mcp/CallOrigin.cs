using LmGateway.Api.Mcp.Tools;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using RequestId = LmGateway.Vocabulary.RequestId;

namespace LmGateway.Api.Mcp;

/// <summary>Carries who calls, and with which settings, along with a message from its transport to its tool.</summary>
internal static class CallOrigin
{
    private const string Key = "lmgateway.origin";

    /// <summary>What a transport knows of a message.</summary>
    public static void Set(JsonRpcMessage message, ToolContext origin) =>
        (message.Context ??= new JsonRpcMessageContext()).Items = new Dictionary<string, object?>(StringComparer.Ordinal) { [Key] = origin };

    /// <summary>A message without any came over standard input: from whoever started this process.</summary>
    public static ToolContext Of(MessageContext context, GatewayOptions options) =>
        context.Items.TryGetValue(Key, out var value) && value is ToolContext origin
            ? origin
            : new ToolContext(new CallContext { RequestId = RequestId.Next(), Api = "mcp", Caller = "stdio" }, ToolSettings.Of(options));
}
