using System.Text;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>A whole answer, for replies that are not streamed.</summary>
internal sealed record Answer(string Text, string Reasoning, IReadOnlyList<ToolCall> ToolCalls, GenerationStats Stats);

/// <summary>Runs predictions for the routes: prompt overflow as set, and the faults that hit an answer that is not streamed.</summary>
internal static class Predictions
{
    /// <summary>
    /// Streams an answer into events: opens the stream, hands on what the model generates, and ends it with an error frame when
    /// the model goes away. A prompt that does not fit is refused before the stream, or inside it, or answered by silence.
    /// </summary>
    public static async Task StreamAsync(HttpExchange exchange, Func<CancellationToken, IAsyncEnumerable<GenerationEvent>> generate,
        Func<Task<EventStream>> open, Func<EventStream, GenerationEvent, ValueTask> send)
    {
        await using var events = generate(exchange.Gone).GetAsyncEnumerator(exchange.Gone);
        EngineException? overflow = null;
        try
        {
            await events.MoveNextAsync();
        }
        catch (EngineException exception)
        {
            var canRefuse = exchange.Studio.Settings.PromptOverflow == PromptOverflow.Error && !exchange.Context.Response.HasStarted;
            if (canRefuse) throw HttpError.Plain(exception.Message);
            overflow = exception;
        }

        var stream = await open();
        try
        {
            if (overflow is not null) await OverflowAsync(exchange, overflow, stream, send);
            else await PumpAsync(events, stream, send);
        }
        catch (StreamEndedException)
        {
            // The error frame was the last event.
        }
    }

    /// <summary>Generates a whole answer.</summary>
    /// <exception cref="HttpErrorException">The prompt does not fit, or the model went away.</exception>
    public static async Task<Answer> CompleteAsync(HttpExchange exchange, LoadedInstance instance, GenerationRequest request)
    {
        var fault = EventStream.StreamFault(exchange);
        var (text, reasoning, calls, tokens) = (new StringBuilder(), new StringBuilder(), new List<ToolCall>(), 0);
        try
        {
            await foreach (var step in exchange.Studio.Generator.GenerateAsync(instance, request, exchange.Gone))
            {
                if (step is GenerationEvent.Token && fault is not null && tokens++ >= fault.Tokens) await StrikeAsync(exchange, fault);
                switch (step)
                {
                    case GenerationEvent.Token { Kind: TokenKind.Content } token: text.Append(token.Text); break;
                    case GenerationEvent.Token token when exchange.Studio.Settings.ReasoningField == ReasoningField.InContent: text.Append(token.Text); break;
                    case GenerationEvent.Token { Kind: TokenKind.Reasoning } token: reasoning.Append(token.Text); break;
                    case GenerationEvent.ToolCallEnd end: calls.Add(end.Call); break;
                    case GenerationEvent.Finished { Stats.StopReason: StopReason.ModelUnloaded }: throw HttpError.Plain(HttpError.ModelUnloaded);
                    case GenerationEvent.Finished finished: return new Answer(text.ToString(), reasoning.ToString(), calls, finished.Stats);
                }
            }
        }
        catch (EngineException exception)
        {
            if (exchange.Studio.Settings.PromptOverflow != PromptOverflow.EmptyStream) throw HttpError.Plain(exception.Message);
        }

        return new Answer("", "", [], NothingSaid(request));
    }

    /// <summary>The finish reason of the OpenAI routes.</summary>
    public static string FinishReason(StopReason reason) => reason switch
    {
        StopReason.MaxPredictedTokensReached or StopReason.ContextLengthReached => "length",
        StopReason.ToolCalls => "tool_calls",
        _ => "stop",
    };

    private static async Task PumpAsync(IAsyncEnumerator<GenerationEvent> events, EventStream stream, Func<EventStream, GenerationEvent, ValueTask> send)
    {
        do
        {
            var step = events.Current;
            if (step is GenerationEvent.Finished { Stats.StopReason: StopReason.ModelUnloaded }) await stream.FailAsync(HttpError.ModelUnloaded);
            if (step is GenerationEvent.Token or GenerationEvent.ToolCallArguments) await stream.BeforeTokenAsync();
            if (step is GenerationEvent.Finished) await events.DisposeAsync();
            await send(stream, step);
            if (step is GenerationEvent.Finished) return;
        }
        while (await events.MoveNextAsync());
    }

    private static async Task OverflowAsync(
        HttpExchange exchange, EngineException overflow, EventStream stream, Func<EventStream, GenerationEvent, ValueTask> send)
    {
        if (exchange.Studio.Settings.PromptOverflow != PromptOverflow.EmptyStream) await stream.FailAsync(overflow.Message);
        await send(stream, new GenerationEvent.Finished(NothingSaid(new GenerationRequest())));
    }

    private static async Task StrikeAsync(HttpExchange exchange, Fault fault)
    {
        if (fault.Kind is FaultKind.ResetAfterTokens or FaultKind.Stall) await EventStream.BreakAsync(exchange, fault.Kind);
        if (fault.Kind is FaultKind.ErrorEvent) throw HttpError.Plain(fault.Message ?? HttpError.ComputeError);
    }

    private static GenerationStats NothingSaid(GenerationRequest request) => new()
    {
        StopReason = StopReason.EosFound,
        PromptTokens = Tokenizer.CountPrompt(request),
        PredictedTokens = 0,
        ReasoningTokens = 0,
        TimeToFirstToken = TimeSpan.Zero,
        TotalTime = TimeSpan.Zero,
    };
}
