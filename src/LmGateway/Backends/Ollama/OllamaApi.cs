using System.Buffers;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Ollama;

/// <summary>Ollama's own API: small questions and answers in JSON, and streams of lines.</summary>
internal sealed class OllamaApi(string backend, HttpUpstream upstream, TimeSpan limit)
{
    private const long MostRead = 16 * 1024 * 1024;

    public string Backend => backend;

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        AskAsync(new Exchange { Dialect = Dialect.OpenAiOther, Method = "GET", PathAndQuery = path, Timeout = limit }, cancellationToken);

    public Task<JsonElement> PostAsync(string path, Action<Utf8JsonWriter> write, CancellationToken cancellationToken) =>
        AskAsync(Post(path, Body(write)) with { Timeout = limit }, cancellationToken);

    /// <summary>For what takes as long as it takes: a load.</summary>
    public Task<JsonElement> PostPatientlyAsync(string path, Action<Utf8JsonWriter> write, CancellationToken cancellationToken) =>
        AskAsync(Post(path, Body(write)), cancellationToken);

    /// <summary>Removes a model from the store.</summary>
    public async Task DeleteAsync(string model, CancellationToken cancellationToken)
    {
        var exchange = Post("/api/delete", Body(writer => writer.WriteString("model", model))) with { Method = "DELETE", Timeout = limit };
        await using var reply = await upstream.AskAsync(exchange, cancellationToken);
    }

    /// <summary>The reply of a stream of lines; refusals are thrown.</summary>
    public Task<ExchangeReply> StreamAsync(string path, ReadOnlyMemory<byte> body, GenerationLimits limits, CancellationToken cancellationToken) =>
        upstream.AskAsync(Post(path, body) with { Streamed = true, Timeout = limits.Total, IdleTimeout = limits.Silence }, cancellationToken);

    public static ReadOnlyMemory<byte> Body(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>A line of a stream. One that is an error is thrown, and so is one that cannot be understood.</summary>
    public JsonDocument Line(ReadOnlyMemory<byte> line)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(line);
        }
        catch (JsonException fault)
        {
            throw new GatewayException(new GatewayError(ErrorCode.BackendFault, "Ollama sent a line that is not JSON.") { Backend = backend }, fault);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object && !document.RootElement.TryGetProperty("error", out _)) return document;
        using (document) throw new GatewayException(UpstreamErrors.Read(200, line.Span, backend));
    }

    private static Exchange Post(string path, ReadOnlyMemory<byte> body) => new()
    {
        Dialect = Dialect.OpenAiOther,
        Method = "POST",
        PathAndQuery = path,
        ContentType = "application/json",
        Body = new ReadOnlySequence<byte>(body),
    };

    private async Task<JsonElement> AskAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        await using var reply = await upstream.AskAsync(exchange, cancellationToken);
        using var body = await HeldReply.ReadAsync(reply, MostRead, cancellationToken);
        try
        {
            return JsonElement.Parse(body.Memory.Span);
        }
        catch (JsonException fault)
        {
            throw new GatewayException(new GatewayError(ErrorCode.BackendFault, $"The server at Ollama's address answers {exchange.PathAndQuery} with something that is not JSON. Is it Ollama?") { Backend = backend }, fault);
        }
    }
}
