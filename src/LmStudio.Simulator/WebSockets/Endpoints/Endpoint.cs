using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.WebSockets.Validation;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary>What an endpoint is called with: its checked parameter, undefined when it is absent.</summary>
internal sealed record EndpointCall(JsonElement Parameter)
{
    /// <summary>The text under a key of the parameter; null when the key is absent or holds null.</summary>
    public string? Text(string name) => Value(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public bool Flag(string name) => Value(name) is { ValueKind: JsonValueKind.True };

    public int? Whole(string name) => Value(name) is { ValueKind: JsonValueKind.Number } value ? (int)Math.Min(value.GetDouble(), int.MaxValue) : null;

    public JsonElement? Value(string name) =>
        Parameter.ValueKind == JsonValueKind.Object && Parameter.TryGetProperty(name, out var value) ? value : null;
}

/// <summary>Something that one namespace answers to, by name.</summary>
internal abstract record Endpoint(string Name, Shape Parameter);

/// <summary>One question, one answer; a null answer is a void one.</summary>
internal sealed record RpcEndpoint(
    string Name, Shape Parameter, Func<EndpointCall, CancellationToken, Task<JsonNode?>> AnswerAsync) : Endpoint(Name, Parameter)
{
    /// <summary>The answer ends the connection, and this follows when the client has gone.</summary>
    public Action? Afterwards { get; init; }

    /// <summary>An endpoint that has its answer at hand.</summary>
    public static RpcEndpoint Immediate(string name, Shape parameter, Func<EndpointCall, JsonNode?> answer) =>
        new(name, parameter, (call, _) => Task.FromResult(answer(call)));
}

/// <summary>A conversation of messages; it ends with a close when <paramref name="RunAsync"/> returns and with an error when it throws.</summary>
internal sealed record ChannelEndpoint(
    string Name, Shape Parameter, Shape Message, Func<EndpointCall, OpenChannel, CancellationToken, Task> RunAsync) : Endpoint(Name, Parameter);
