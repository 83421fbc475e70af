using System.Text.Json;
using LmGateway.Tests.Functional;

namespace LmGateway.Tests.Examples;

/// <summary>One of the documents whose examples the product honours, and how its examples are run.</summary>
internal sealed class SourceDocument(string file)
{
    public const string AdminGatewayFile = "4-admin-gateway.md";
    public const string ProviderFile = "2-openai-provider.md";

    public const string RestServiceFile = "1-rest-service.md";

    public const string NatsServiceFile = "0-nats-service.md";

    public static SourceDocument NatsService { get; } = new(NatsServiceFile);

    public static SourceDocument RestService { get; } = new(RestServiceFile);

    public static SourceDocument AdminGateway { get; } = new(AdminGatewayFile);

    public static SourceDocument Provider { get; } = new(ProviderFile);

    /// <summary>The document's text.</summary>
    public string Text { get; } = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "sources", file));

    public IReadOnlyList<Fence> Fences { get; } = Fence.ReadSource(file);

    /// <summary>The text of the block with this name.</summary>
    public string this[string name] => Fences.Single(fence => fence.Name == name).Text;

    /// <summary>Sends what the block's curl commands send, one after the other; LM Studio's own port is the simulator's.</summary>
    public async Task<IReadOnlyList<Reply>> RunAsync(string name, GatewayUnderTest gateway)
    {
        var replies = new List<Reply>();
        foreach (var command in CurlCommand.All(this[name])) replies.Add(await Reply.ToAsync(command, gateway));
        return replies.Count > 0 ? replies : throw new InvalidOperationException($"'{name}' has no curl command.");
    }

    /// <summary>The same for a block with one command.</summary>
    public async Task<Reply> RunOneAsync(string name, GatewayUnderTest gateway) => (await RunAsync(name, gateway)).Single();
}

/// <summary>What came back for a printed command.</summary>
internal sealed record Reply(int Status, string ContentType, string Text)
{
    private const int LmStudioPort = 1234;

    public JsonElement Json => JsonElement.Parse(Text);

    public static async Task<Reply> ToAsync(CurlCommand command, GatewayUnderTest gateway)
    {
        using var request = command.ToRequest(command.Address.Port == LmStudioPort ? gateway.Simulator.Address : gateway.Address);
        using var response = await gateway.Http.SendAsync(request, command.Streamed ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead);
        return new Reply((int)response.StatusCode, response.Content.Headers.ContentType?.ToString() ?? "", await response.Content.ReadAsStringAsync());
    }
}
