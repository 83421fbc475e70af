using System.Text.Json;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>One of the routes that carry inference: how it is asked, and the form of its errors.</summary>
internal sealed class InferenceApi
{
    public const string Chat = "/v1/chat/completions";
    public const string Completions = "/v1/completions";
    public const string Embeddings = "/v1/embeddings";
    public const string Responses = "/v1/responses";
    public const string Messages = "/v1/messages";
    public const string ChatV0 = "/api/v0/chat/completions";
    public const string ChatV1 = "/api/v1/chat";

    private InferenceApi(string path) => Path = path;

    public string Path { get; }

    public bool IsNative => Path.StartsWith("/api/", StringComparison.Ordinal);

    /// <summary>Streams of these end with <c>[DONE]</c>.</summary>
    public bool HasDone => Path is Chat or Completions or ChatV0;

    public static InferenceApi At(string path) => new(path);

    /// <summary>A request with one short prompt.</summary>
    public string Request(string model = GatewayUnderTest.Chat, string prompt = "count to 3", bool stream = false)
    {
        var more = stream ? ",\"stream\":true" : "";
        return Path switch
        {
            Chat or ChatV0 => $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{prompt}}"}]{{more}}}""",
            Completions => $$"""{"model":"{{model}}","prompt":"{{prompt}}"{{more}}}""",
            Embeddings => $$"""{"model":"{{(model == GatewayUnderTest.Chat ? GatewayUnderTest.Embedder : model)}}","input":"{{prompt}}"}""",
            Responses or ChatV1 => $$"""{"model":"{{model}}","input":"{{prompt}}"{{more}}}""",
            Messages => $$"""{"model":"{{model}}","max_tokens":100000,"messages":[{"role":"user","content":"{{prompt}}"}]{{more}}}""",
            _ => throw new ArgumentException($"No request is known for {Path}."),
        };
    }

    /// <summary>Checks that a reply is this error, in the route's own envelope to the last member, and returns its message.</summary>
    public string AssertError(Failure failure, int status, JsonElement body)
    {
        Assert.Equal(failure.Status, status);
        return AssertError(failure, body);
    }

    /// <summary>Checks the envelope alone.</summary>
    public string AssertError(Failure failure, JsonElement body)
    {
        if (Path == Messages)
        {
            Assert.Equal(["type", "error", "request_id"], Names(body));
            Assert.Equal("error", body.GetProperty("type").GetString());
            Assert.Equal(["type", "message"], Names(body.GetProperty("error")));
            Assert.Equal(failure.AnthropicType, body.GetProperty("error").GetProperty("type").GetString());
            return body.GetProperty("error").GetProperty("message").GetString()!;
        }

        Assert.Equal(["error"], Names(body));
        var error = body.GetProperty("error");
        Assert.Equal(IsNative ? failure.NativeType : failure.OpenAiType, error.GetProperty("type").GetString());
        Assert.Equal(IsNative ? failure.NativeCode : failure.OpenAiCode, error.TryGetProperty("code", out var code) ? code.GetString() : null);
        if (!IsNative) Assert.Equal(["message", "type", "param", "code"], Names(error));
        return error.GetProperty("message").GetString()!;
    }

    /// <summary>Checks that a stream ended with this error, told as the API tells it, and with no sign of success. Returns the message.</summary>
    public string AssertBrokenOff(Failure failure, string stream)
    {
        var events = ServerEvent.Parse(stream);
        var last = events[^1];
        Assert.DoesNotContain(events, each => each.Data == "[DONE]");
        Assert.DoesNotContain(events, each => IsEnd(each));
        var body = JsonElement.Parse(last.Data);
        Assert.Equal(Path is Chat or Completions ? null : "error", last.Name);
        switch (Path)
        {
            case Responses:
                Assert.Equal("error", body.GetProperty("type").GetString());
                Assert.Equal(failure.OpenAiCode, body.GetProperty("code").GetString());
                return body.GetProperty("message").GetString()!;
            case ChatV0 or ChatV1:
                Assert.Equal(failure.NativeType, body.GetProperty("error").GetProperty("type").GetString());
                return body.GetProperty("error").GetProperty("message").GetString()!;
            case Messages:      // an event of the backend's own has no id of this request
                Assert.Equal("error", body.GetProperty("type").GetString());
                Assert.Equal(failure.AnthropicType, body.GetProperty("error").GetProperty("type").GetString());
                return body.GetProperty("error").GetProperty("message").GetString()!;
            default:
                return AssertError(failure, body);
        }
    }

    /// <summary>Whether the event says that the answer is whole.</summary>
    public bool IsEnd(ServerEvent found) => Path switch
    {
        Responses => found.Name == "response.completed",
        Messages => found.Name == "message_stop",
        ChatV1 => found.Name == "chat.end",
        _ => found.Data.Contains("\"finish_reason\":\"", StringComparison.Ordinal),
    };

    private static IEnumerable<string> Names(JsonElement body) => body.EnumerateObject().Select(property => property.Name);
}

/// <summary>One cause of failure as each family of APIs names it.</summary>
internal sealed record Failure(int Status, string OpenAiType, string? OpenAiCode, string AnthropicType, string NativeType, string? NativeCode)
{
    public static Failure Unreachable { get; } = new(502, "api_error", "provider_connection_failed", "api_error", "internal_error", "backend_unreachable");
    public static Failure Timeout { get; } = new(504, "timeout_error", "provider_timeout", "api_error", "internal_error", "timeout");
    public static Failure Backend { get; } = new(500, "api_error", "provider_error", "api_error", "internal_error", null);
    public static Failure Load { get; } = new(500, "api_error", "model_load_failed", "api_error", "model_load_failed", null);
    public static Failure Memory { get; } = new(500, "api_error", "insufficient_memory", "api_error", "model_load_failed", null);
    public static Failure QueueFull { get; } = new(503, "server_error", "queue_full", "overloaded_error", "internal_error", "queue_full");
    public static Failure Draining { get; } = new(503, "server_error", "draining", "overloaded_error", "internal_error", "draining");
    public static Failure Invalid { get; } = new(400, "invalid_request_error", null, "invalid_request_error", "invalid_request", null);
    public static Failure NoModel { get; } = new(404, "invalid_request_error", "model_not_found", "not_found_error", "model_not_found", null);
    public static Failure NoRoute { get; } = new(404, "invalid_request_error", "unknown_url", "not_found_error", "invalid_request", "unknown_url");
    public static Failure Rate { get; } = new(429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error", "invalid_request", "rate_limit_exceeded");
    public static Failure Credential { get; } = new(401, "authentication_error", "invalid_api_key", "authentication_error", "invalid_request", "invalid_api_key");
    public static Failure Context { get; } = new(400, "invalid_request_error", "context_length_exceeded", "invalid_request_error", "invalid_request", "context_length_exceeded");
}

/// <summary>An event of a stream; comments are none.</summary>
internal sealed record ServerEvent(string? Name, string Data)
{
    public static IReadOnlyList<ServerEvent> Parse(string stream)
    {
        var events = new List<ServerEvent>();
        foreach (var block in stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var lines = block.Split('\n').Where(line => !line.StartsWith(':')).ToList();
            if (lines.Count == 0) continue;
            var name = lines.Find(line => line.StartsWith("event: ", StringComparison.Ordinal))?["event: ".Length..];
            events.Add(new ServerEvent(name, string.Join('\n', lines.Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => line["data: ".Length..]))));
        }

        return events;
    }
}
