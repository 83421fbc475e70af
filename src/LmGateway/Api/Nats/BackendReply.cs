using System.Text.Json;
using System.Text.Unicode;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>A whole reply of the backend's own HTTP API, handed on unchanged inside the envelope.</summary>
internal sealed record BackendReply(int Status, byte[] Body)
{
    /// <summary>Reads to the end. A reply past the limit is a fault of the backend.</summary>
    public static async Task<BackendReply> ReadAsync(int status, IAsyncEnumerable<ReadOnlyMemory<byte>> blocks, long limit)
    {
        using var body = new MemoryStream();
        await foreach (var block in blocks)
        {
            if (body.Length + block.Length > limit)
                throw new GatewayException(ErrorCode.BackendFault, $"The backend's reply is larger than {limit} bytes. The limit is the setting limits.reply_bytes.");
            body.Write(block.Span);
        }

        return new BackendReply(status, body.ToArray());
    }

    /// <summary>
    /// <c>http_status</c> and the reply under its name. A refusal is a failure here too, with the refusal under the same name: whoever looks at
    /// <c>ok</c> alone must not take an error for an answer.
    /// </summary>
    public NatsAnswer ToAnswer(string name)
    {
        using var document = TryParse();
        if (document is null)
            return NatsAnswer.Failed(new GatewayError(ErrorCode.BackendFault, $"The backend answered {Status} with something that is not JSON."), data: WriteStatus);
        var failure = FailureIn(document.RootElement);
        return failure is null ? NatsAnswer.Ok(Write) : NatsAnswer.Failed(failure, data: Write);

        void Write(Utf8JsonWriter writer)
        {
            WriteStatus(writer);
            writer.WritePropertyName(name);
            writer.WriteRawValue(Body, skipInputValidation: true);
        }
    }

    private void WriteStatus(Utf8JsonWriter writer) => writer.WriteNumber("http_status", Status);

    private JsonDocument? TryParse()
    {
        try
        {
            return Utf8.IsValid(Body) ? JsonDocument.Parse(Body) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A status that says so, or an object that holds nothing but an error.</summary>
    private GatewayError? FailureIn(JsonElement root)
    {
        var error = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var found) && found.ValueKind != JsonValueKind.Null ? found : default;
        if (Status < 400 && (error.ValueKind == JsonValueKind.Undefined || root.TryGetProperty("choices", out _) || root.TryGetProperty("data", out _))) return null;
        var text = error.ValueKind switch
        {
            JsonValueKind.String => error.GetString(),
            JsonValueKind.Object when error.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String => message.GetString(),
            _ => null,
        };
        var code = Status switch { 404 => ErrorCode.ModelNotFound, 401 or 403 => ErrorCode.BackendUnauthorized, >= 400 and < 500 => ErrorCode.InvalidRequest, _ => ErrorCode.BackendFault };
        return new GatewayError(code, text ?? $"The backend answered {Status}.");
    }
}
