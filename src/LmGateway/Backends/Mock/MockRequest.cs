using System.Buffers;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Mock;

/// <summary>What a request says that matters to a canned reply.</summary>
internal sealed record MockRequest(string Model)
{
    public bool Streamed { get; private init; }
    public bool UsageAsked { get; private init; }

    /// <summary>The texts to embed.</summary>
    public IReadOnlyList<string> Inputs { get; private init; } = [];

    /// <summary>A guess: a token for every four bytes of the request.</summary>
    public int PromptTokens { get; private init; }

    public static MockRequest Read(in ReadOnlySequence<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw Invalid("The request must be a JSON object.", null);
            if (!root.TryGetProperty("model", out var model) || model.ValueKind != JsonValueKind.String) throw Invalid("'model' must be a string.", "model");
            return new MockRequest(model.GetString()!)
            {
                Streamed = IsTrue(root, "stream"),
                UsageAsked = root.TryGetProperty("stream_options", out var options) && options.ValueKind == JsonValueKind.Object && IsTrue(options, "include_usage"),
                Inputs = root.TryGetProperty("input", out var input) ? Texts(input) : [],
                PromptTokens = (int)Math.Max(1, body.Length / 4),
            };
        }
        catch (JsonException fault)
        {
            throw Invalid(fault.Message, null);
        }
    }

    private static bool IsTrue(JsonElement json, string name) => json.TryGetProperty(name, out var flag) && flag.ValueKind == JsonValueKind.True;

    private static string[] Texts(JsonElement input) => input.ValueKind switch
    {
        JsonValueKind.String => [input.GetString()!],
        JsonValueKind.Array => [.. input.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)],
        _ => [],
    };

    private static GatewayException Invalid(string message, string? parameter) =>
        new(new GatewayError(ErrorCode.InvalidRequest, message) { Parameter = parameter, Backend = "mock" });
}
