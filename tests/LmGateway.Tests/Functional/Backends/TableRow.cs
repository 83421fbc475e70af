using LmGateway.Vocabulary;

namespace LmGateway.Tests.Functional.Backends;

/// <summary>One row of the table: a request, and what is to be found in its answer.</summary>
/// <param name="Path">Where it goes.</param>
/// <param name="Model">What the model is for.</param>
/// <param name="Recording">What llama-server answers it with.</param>
internal sealed record TableRow(string Path, string Model, string Recording)
{
    private const string Pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAACklEQVR4nGMAAQAABQABDQottAAAAABJRU5ErkJggg==";
    private const string Schema = """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}""";

    /// <summary>Without the model's name and the flag of a stream.</summary>
    public required string Body { get; init; }

    public bool Streamed { get; init; }

    public bool WantsCall { get; init; }

    public bool WantsImage { get; init; }

    public bool WantsThought { get; init; }

    /// <summary>How the request comes in; its path is a NATS subject or an MCP tool where it does not come by HTTP.</summary>
    public TableWay Way { get; init; }

    /// <summary>The dialect that is direct where a backend speaks it; null for the gateway's own APIs.</summary>
    public Dialect? Dialect { get; init; }

    public static IReadOnlyDictionary<string, TableRow> All { get; } = new Dictionary<string, TableRow>
    {
        ["`/v1/chat/completions`"] = Chat("022-chat-stream-usage"),
        ["`/v1/chat/completions` streamed"] = Chat("022-chat-stream-usage") with { Streamed = true },
        ["`/v1/chat/completions` with tools"] = Chat("052-chat-tools-required-stream") with
        {
            Model = "caller",
            WantsCall = true,
            Body = $$$"""{"messages":[{"role":"user","content":"call get_weather"}],"tools":[{"type":"function","function":{"name":"get_weather","parameters":{{{Schema}}}}}],"tool_choice":"required"}""",
        },
        ["`/v1/chat/completions` with an image"] = Chat("142-err-image-to-text-model") with
        {
            Model = "vision",
            WantsImage = true,
            Body = $$$"""{"messages":[{"role":"user","content":[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,{{{Pixel}}}"}}]}]}""",
        },
        ["`/v1/chat/completions` with reasoning"] = Chat("203-thinking-chat-stream") with
        {
            Model = "thinker",
            WantsThought = true,
            Body = """{"messages":[{"role":"user","content":"count to 3"}],"reasoning_effort":"low"}""",
        },
        ["`/v1/completions`"] = new("/v1/completions", "chat", "072-v1-completions-stream-usage") { Body = """{"prompt":"count to 3"}""", Dialect = Vocabulary.Dialect.OpenAiCompletions },
        ["`/v1/embeddings`"] = new("/v1/embeddings", "embedder", "250-embeddings") { Body = """{"input":"quiet river"}""", Dialect = Vocabulary.Dialect.OpenAiEmbeddings },
        ["`/v1/responses`"] = Responses("091-responses-stream"),
        ["`/v1/responses` streamed"] = Responses("091-responses-stream") with { Streamed = true },
        ["`/v1/responses` with tools"] = Responses("092-responses-tools-stream") with
        {
            Model = "caller",
            WantsCall = true,
            Body = $$"""{"input":"call get_weather","tools":[{"type":"function","name":"get_weather","parameters":{{Schema}}}],"tool_choice":"required"}""",
        },
        ["`/v1/messages`"] = Messages("101-messages-stream"),
        ["`/v1/messages` streamed"] = Messages("101-messages-stream") with { Streamed = true },
        ["`/v1/messages` with tools"] = Messages("102-messages-tools-stream") with
        {
            Model = "caller",
            WantsCall = true,
            Body = $$$"""{"max_tokens":100,"messages":[{"role":"user","content":"call get_weather"}],"tools":[{"name":"get_weather","input_schema":{{{Schema}}}}],"tool_choice":{"type":"any"}}""",
        },
        ["`/chat`"] = new("/chat", "chat", "022-chat-stream-usage") { Body = """{"messages":[{"role":"user","content":"count to 3"}]}""" },
        ["`/chat/stream`"] = new("/chat/stream", "chat", "022-chat-stream-usage") { Body = """{"messages":[{"role":"user","content":"count to 3"}]}""" },
        ["`/chat` with an image"] = new("/chat", "vision", "142-err-image-to-text-model")
        {
            WantsImage = true,
            Body = $$"""{"messages":[{"role":"user","content":"What is it?","images":[{"data_base64":"{{Pixel}}","mime_type":"image/png"}]}]}""",
        },
        ["`/api/v0/chat/completions`"] = Older("022-chat-stream-usage"),
        ["`/api/v0/chat/completions` streamed"] = Older("022-chat-stream-usage") with { Streamed = true },
        ["`/api/v0/completions`"] = new("/api/v0/completions", "chat", "072-v1-completions-stream-usage") { Body = """{"prompt":"count to 3"}""", Dialect = Vocabulary.Dialect.LmStudioV0 },
        ["`/api/v0/embeddings`"] = new("/api/v0/embeddings", "embedder", "250-embeddings") { Body = """{"input":"quiet river"}""", Dialect = Vocabulary.Dialect.LmStudioV0 },
        ["`/api/v1/chat`"] = Native("022-chat-stream-usage"),
        ["`/api/v1/chat` streamed"] = Native("022-chat-stream-usage") with { Streamed = true },
        ["`/api/v1/chat` with an image"] = Native("142-err-image-to-text-model") with
        {
            Model = "vision",
            WantsImage = true,
            Body = $$"""{"input":[{"type":"text","content":"What is it?"},{"type":"image","data_url":"data:image/png;base64,{{Pixel}}"}]}""",
        },
        ["`lmstudio.chat_model` on NATS"] = Subject("lmstudio.chat_model"),
        ["`lmstudio.chat_model` with tools"] = Subject("lmstudio.chat_model") with
        {
            Model = "caller",
            Recording = "052-chat-tools-required-stream",
            WantsCall = true,
            Body = $$$"""{"messages":[{"role":"user","content":"call get_weather"}],"tools":[{"type":"function","function":{"name":"get_weather","parameters":{{{Schema}}}}}],"tool_choice":"required"}""",
        },
        ["`lmstudio.chat_stream` on NATS"] = Subject("lmstudio.chat_stream") with { Way = TableWay.NatsStream },
        ["`lmstudio.embed` on NATS"] = new("lmstudio.embed", "embedder", "250-embeddings") { Way = TableWay.Nats, Body = """{"input":"quiet river"}""", Dialect = Vocabulary.Dialect.OpenAiEmbeddings },
        ["MCP tool `chat`"] = Tool("""{"prompt":"count to 3"}"""),
        ["MCP tool `chat` with an image"] = Tool($$"""{"prompt":"What is it?","images":["{{Pixel}}"]}""") with { Model = "vision", Recording = "142-err-image-to-text-model", WantsImage = true },
        ["MCP tool `embed`"] = new("embed", "embedder", "250-embeddings") { Way = TableWay.Mcp, Body = """{"input":"quiet river"}""", Dialect = Vocabulary.Dialect.OpenAiEmbeddings },
    };

    public string For(string model) => Path.StartsWith("/chat", StringComparison.Ordinal)
        ? $$"""{"model_key":"{{model}}",{{Body[1..]}}"""
        : $$"""{"model":"{{model}}",{{(Streamed ? "\"stream\":true," : "")}}{{Body[1..]}}""";

    private static TableRow Chat(string recording) =>
        new("/v1/chat/completions", "chat", recording) { Body = """{"messages":[{"role":"user","content":"count to 3"}]}""", Dialect = Vocabulary.Dialect.OpenAiChat };

    private static TableRow Subject(string subject) => Chat("022-chat-stream-usage") with { Path = subject, Way = TableWay.Nats };

    private static TableRow Tool(string arguments) => new("chat", "chat", "022-chat-stream-usage") { Way = TableWay.Mcp, Body = arguments };

    private static TableRow Older(string recording) => Chat(recording) with { Path = "/api/v0/chat/completions", Dialect = Vocabulary.Dialect.LmStudioV0 };

    private static TableRow Responses(string recording) =>
        new("/v1/responses", "chat", recording) { Body = """{"input":"count to 3"}""", Dialect = Vocabulary.Dialect.OpenAiResponses };

    private static TableRow Messages(string recording) =>
        new("/v1/messages", "chat", recording) { Body = """{"max_tokens":100,"messages":[{"role":"user","content":"count to 3"}]}""", Dialect = Vocabulary.Dialect.AnthropicMessages };

    private static TableRow Native(string recording) =>
        new("/api/v1/chat", "chat", recording) { Body = """{"input":"count to 3"}""", Dialect = Vocabulary.Dialect.LmStudioV1 };
}
