using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using Microsoft.AspNetCore.Http.Features;

namespace LmStudio.Simulator.Http;

/// <summary>
/// A reply as server-sent events, each flushed as it is written. Plays the faults that strike a stream after some tokens.
/// LM Studio sends no comments to keep the connection alive, so neither does this.
/// </summary>
internal sealed class EventStream
{
    private readonly HttpExchange _exchange;
    private readonly Func<string, (string? Name, JsonObject Payload)> _error;
    private readonly Fault? _fault;
    private int _tokens;
    private bool _struck;

    private EventStream(HttpExchange exchange, Func<string, (string? Name, JsonObject Payload)> error)
    {
        (_exchange, _error) = (exchange, error);
        _fault = StreamFault(exchange);
    }

    /// <summary>Sends the headers; from here on failures travel inside the stream, in the shape that <paramref name="error"/> gives them.</summary>
    public static async Task<EventStream> StartAsync(HttpExchange exchange, Func<string, (string? Name, JsonObject Payload)> error)
    {
        var response = exchange.Context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        exchange.Context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.StartAsync(exchange.Gone);
        await response.BodyWriter.FlushAsync(exchange.Gone);
        return new EventStream(exchange, error);
    }

    /// <summary>The fault that this request's generation meets, streamed or not.</summary>
    public static Fault? StreamFault(HttpExchange exchange) => exchange.Studio.Faults.Take(
        exchange.Path, FaultKind.ResetAfterTokens, FaultKind.Stall, FaultKind.MalformedEvent, FaultKind.ErrorEvent, FaultKind.NoDone);

    /// <summary>The OpenAI routes' <c>event: error</c> frame.</summary>
    public static (string? Name, JsonObject Payload) OpenAiError(string message) =>
        ("error", new JsonObject { ["error"] = new JsonObject { ["message"] = message }, ["message"] = message });

    /// <summary>Call before each token goes out: strikes when its number has come.</summary>
    /// <exception cref="StreamEndedException">An error frame was sent; the stream is over.</exception>
    public async ValueTask BeforeTokenAsync()
    {
        if (_fault is null || _struck || _tokens++ < _fault.Tokens) return;
        _struck = true;
        switch (_fault.Kind)
        {
            case FaultKind.ResetAfterTokens:
            case FaultKind.Stall:
                await BreakAsync(_exchange, _fault.Kind);
                break;
            case FaultKind.MalformedEvent:
                await RawAsync("data: {\"id\":\"chatcmpl-broken\",\"choices\":[{\"delta\":\n\n");
                break;
            case FaultKind.ErrorEvent:
                await FailAsync(_fault.Message ?? HttpError.ComputeError);
                break;
        }
    }

    /// <summary>Cuts the connection, or says nothing until the caller has gone; never returns.</summary>
    public static async Task BreakAsync(HttpExchange exchange, FaultKind kind)
    {
        if (kind == FaultKind.ResetAfterTokens) await ConnectionCut.AsKilledAsync(exchange.Context, exchange.Gone);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, exchange.Gone);
    }

    /// <summary>Sends an event, with a name if the protocol has one.</summary>
    public ValueTask SendAsync(JsonObject payload, string? name = null)
    {
        var output = _exchange.Context.Response.BodyWriter;
        if (name is not null) Encoding.UTF8.GetBytes($"event: {name}\n", output);
        output.Write("data: "u8);
        using (var writer = new Utf8JsonWriter(output, HttpExchange.WriterOptions)) payload.WriteTo(writer);
        output.Write("\n\n"u8);
        return FlushAsync();
    }

    /// <summary>Sends an event whose payload comes in three ready pieces; the quick way for tokens.</summary>
    public ValueTask SendAsync(ReadOnlySpan<byte> before, ReadOnlySpan<byte> json, ReadOnlySpan<byte> after)
    {
        var output = _exchange.Context.Response.BodyWriter;
        output.Write(before);
        output.Write(json);
        output.Write(after);
        return FlushAsync();
    }

    /// <summary>Ends the stream with an error frame.</summary>
    /// <exception cref="StreamEndedException">Always.</exception>
    public async Task FailAsync(string message)
    {
        var (name, payload) = _error(message);
        await SendAsync(payload, name);
        throw new StreamEndedException();
    }

    /// <summary>Sends <c>[DONE]</c>, unless the fault being played forgets it.</summary>
    public ValueTask DoneAsync() => ForgetsEnd ? ValueTask.CompletedTask : RawAsync("data: [DONE]\n\n");

    /// <summary>Whether the fault being played leaves the last event out.</summary>
    public bool ForgetsEnd => _fault?.Kind == FaultKind.NoDone;

    private ValueTask RawAsync(string text)
    {
        Encoding.UTF8.GetBytes(text, _exchange.Context.Response.BodyWriter);
        return FlushAsync();
    }

    private async ValueTask FlushAsync()
    {
        await _exchange.Context.Response.BodyWriter.FlushAsync(_exchange.Gone);
        _exchange.Gone.ThrowIfCancellationRequested();
    }
}

/// <summary>An error frame has ended the stream; nothing is left to send.</summary>
internal sealed class StreamEndedException() : Exception("The stream has ended with an error frame.");
