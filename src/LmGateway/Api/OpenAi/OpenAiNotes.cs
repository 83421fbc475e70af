using LmGateway.Api.Http;
using LmGateway.Vocabulary;

namespace LmGateway.Api.OpenAi;

/// <summary>What the routes below <c>/v1</c> and their shorthands are for.</summary>
internal static class OpenAiNotes
{
    private const string Group = "OpenAI";
    private const string Anthropic = "Anthropic";
    private const string Errors = "OpenAiError";
    private const string Hello = "\"messages\": [{\"role\": \"user\", \"content\": \"Hello!\"}]";

    public static RouteNote Models { get; } = new(Group, "Lists the models that can be asked for, loaded or not")
    {
        Details = "On /models, `Accept: application/vnd.fastapi+json` gives a plain array of what is loaded.",
        Parameters = [new("state", "`loaded` leaves only what is loaded")],
        Gives = [new("ModelList")],
        Errors = Errors,
    };

    public static RouteNote Model { get; } = new(Group, "One model")
    {
        Parameters = [new("id", "Its id, slashes and all", "qwen2-1.5b-instruct")],
        Gives = [new("Model")],
        Errors = Errors,
    };

    public static RouteNote TokenCount { get; } = new(Anthropic, "Estimates the tokens of a request")
    {
        Takes = new("MessagesRequest", $$"""{"model": "qwen2-1.5b-instruct", {{Hello}}}"""),
        Gives = [new("TokenCount", """{"input_tokens": 9}""")],
        Errors = "AnthropicError",
    };

    public static RouteNote Anything { get; } = new(Group, "Hands everything else below /v1 on to the backend as it is")
    {
        Details = "Method, query, headers and body, multipart too. A backend that has no such route says so.",
        Errors = Errors,
    };

    public static RouteNote Shorthand(string path, string does) => new(Group, $"{does}, where the backend can")
    {
        Details = $"The same as /v1{path}, handed on as it is.",
        Errors = Errors,
    };

    public static RouteNote Of(Dialect dialect) => dialect switch
    {
        Dialect.OpenAiChat => Inference("Chats", "ChatCompletionRequest", $$"""{"model": "qwen2-1.5b-instruct", {{Hello}}, "max_tokens": 100}""", "ChatCompletion", "ChatCompletionChunk"),
        Dialect.OpenAiCompletions => Inference("Continues a text", "CompletionRequest", """{"model": "qwen2-1.5b-instruct", "prompt": "Once upon a time", "max_tokens": 20}""", "Completion", "Completion"),
        Dialect.OpenAiEmbeddings => new RouteNote(Group, "Turns texts into vectors")
        {
            Takes = new("EmbeddingsRequest", """{"model": "text-embedding-nomic-embed-text-v1.5", "input": ["Hello!"]}"""),
            Gives = [new("Embeddings")],
            Errors = Errors,
        },
        Dialect.OpenAiResponses => Inference("Answers by the Responses API", "ResponsesRequest", """{"model": "qwen2-1.5b-instruct", "input": "Hello!"}""", "Response", "ResponseEvent"),
        _ => Inference("Answers by Anthropic's API", "MessagesRequest", $$"""{"model": "qwen2-1.5b-instruct", "max_tokens": 100, {{Hello}}}""", "Message", "MessageEvent") with { Group = Anthropic, Errors = "AnthropicError" },
    };

    private static RouteNote Inference(string does, string request, string example, string reply, string streamed) => new(Group, $"{does}, whole or as a stream of events")
    {
        Details = "A model that is not loaded is loaded first. Where the request names none, the active one answers. Other fields are handed on as they are.",
        Takes = new(request, example),
        Gives = [new(reply), new(streamed) { MediaType = ContentNote.EventStream }],
        Errors = Errors,
    };
}
