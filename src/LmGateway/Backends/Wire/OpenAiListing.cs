using System.Collections.Frozen;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>
/// What a server that is only known to speak OpenAI's API has: the models of its list, each taken for ready, because nothing tells
/// whether it is loaded and nothing could load it.
/// </summary>
internal sealed class OpenAiListing(string node, string backend, HttpUpstream upstream)
{
    private const long MostRead = 4 * 1024 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    public static BackendTraits Traits { get; } = new()
    {
        Kind = "openai",
        Dialects = FrozenSet.ToFrozenSet([Dialect.OpenAiChat, Dialect.OpenAiCompletions, Dialect.OpenAiEmbeddings, Dialect.OpenAiResponses, Dialect.AnthropicMessages, Dialect.OpenAiOther]),
        LoadsOnRequest = true,
        TakesAnyModelName = true,
    };

    /// <summary>The models as a report; null where the server gives no list of models.</summary>
    public async Task<BackendReport?> LookAsync(CancellationToken cancellationToken) => Report(await ListAsync(cancellationToken));

    /// <summary>The same of a list that was asked for already.</summary>
    public BackendReport? Report(ModelsReply reply)
    {
        if (Models(reply) is not { } models) return null;
        return new BackendReport
        {
            Models = models,
            Instances = [.. models.Select(model => new ModelInstance { Id = new InstanceId(node, backend, model.Key), ModelKey = model.Key, Type = model.Type })],
            Control = ControlChannels.None,
        };
    }

    /// <summary>The models of <c>/v1/models</c>; null where the server gives no such list. A refused credential is thrown.</summary>
    public async Task<IReadOnlyList<ModelInfo>?> ModelsAsync(CancellationToken cancellationToken) => Models(await ListAsync(cancellationToken));

    /// <summary>What <c>/v1/models</c> answers. A refused credential is thrown.</summary>
    public Task<ModelsReply> ListAsync(CancellationToken cancellationToken) => AskAsync("/v1/models", isGuarded: true, cancellationToken);

    /// <summary>A short JSON answer, whatever its status; null where it is no JSON.</summary>
    public async Task<JsonElement?> GetAsync(string path, CancellationToken cancellationToken) => (await AskAsync(path, isGuarded: false, cancellationToken)).Body;

    private async Task<ModelsReply> AskAsync(string path, bool isGuarded, CancellationToken cancellationToken)
    {
        var exchange = new Exchange { Dialect = Dialect.OpenAiOther, Method = "GET", PathAndQuery = path, Verbatim = true, Timeout = Limit };
        await using var reply = await upstream.SendOnceAsync(exchange, cancellationToken);
        if (isGuarded && reply.Status is (401 or 403)) throw new GatewayException(await Refusals.ReadAsync(reply, backend, cancellationToken));
        var program = reply.Headers.FirstOrDefault(header => header.Name.Equals("Server", StringComparison.OrdinalIgnoreCase)).Value;
        using var body = await HeldReply.ReadAsync(reply, MostRead, cancellationToken);
        try
        {
            return new ModelsReply(reply.Status, program, JsonElement.Parse(body.Memory.Span));
        }
        catch (JsonException)
        {
            return new ModelsReply(reply.Status, program, null);
        }
    }

    private IReadOnlyList<ModelInfo>? Models(ModelsReply reply)
    {
        if (reply.Body is not { ValueKind: JsonValueKind.Object } list || !list.TryGetProperty("data", out var data)) return null;
        return data.ValueKind switch
        {
            JsonValueKind.Null => [],
            JsonValueKind.Array => [.. data.EnumerateArray().Select(Model).OfType<ModelInfo>()],
            _ => null,
        };
    }

    /// <summary>An entry of the list. Embedding models are told by the prefix that LM Studio gives them.</summary>
    private ModelInfo? Model(JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String && id.GetString() is { Length: > 0 } key
            ? new ModelInfo { Backend = backend, Key = key, Type = key.StartsWith("text-embedding-", StringComparison.Ordinal) ? ModelType.Embedding : ModelType.Unknown }
            : null;
}

/// <summary>An answer in JSON, with what the server calls itself; no body where it is no JSON.</summary>
internal readonly record struct ModelsReply(int Status, string? Program, JsonElement? Body);
