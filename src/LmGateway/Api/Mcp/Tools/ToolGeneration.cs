using System.Text;
using LmGateway.Configuration;
using LmGateway.Observability;
using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary>What a generation gave, whole or cut short.</summary>
internal sealed record GeneratedText(string Model, string Text, string Reasoning)
{
    public string? FinishReason { get; init; }
    public Usage? Usage { get; init; }
    /// <summary>Where the time went; null for a generation that never began.</summary>
    public RequestTrace? Trace { get; init; }

    /// <summary>Why it ended before its end; null where it did not.</summary>
    public string? CutShort { get; init; }
}

/// <summary>
/// Runs a generation for a tool, always streamed: with limits on its first token, on pauses and in all, telling how far it is. What came
/// before a limit or a fault is not lost.
/// </summary>
internal sealed class ToolGeneration(GenerationPipeline pipeline, QueueState queues, LiveSettings settings, TimeProvider time)
{
    /// <param name="call">The generation.</param>
    /// <param name="total">The time it may take in all; null for the limit that is set.</param>
    /// <param name="tell">Hears what is being done.</param>
    /// <param name="cancellationToken">Ends it in the backend.</param>
    public async Task<GeneratedText> RunAsync(GenerationCall call, TimeSpan? total, Action<string> tell, CancellationToken cancellationToken)
    {
        RequestTrace? trace = null;
        var limit = total ?? (settings.Current.Mcp.TotalSeconds > 0 ? TimeSpan.FromSeconds(settings.Current.Mcp.TotalSeconds) : Timeout.InfiniteTimeSpan);
        using var overdue = new CancellationTokenSource(limit, time);
        using var silent = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, overdue.Token, silent.Token);
        var gathered = new Gathered(call.Model);
        try
        {
            var patient = call with { Began = begun => trace = begun, Patience = TimeSpan.FromSeconds(settings.Current.Mcp.FirstTokenSeconds) };
            await using var events = pipeline.RunAsync(patient, stop.Token).GetAsyncEnumerator(CancellationToken.None);
            while (await NextAsync(events, gathered, call.Model, tell))
            {
                gathered.Take(events.Current);
                silent.CancelAfter(TimeSpan.FromSeconds(settings.Current.Mcp.SilenceSeconds));
            }

            return gathered.ToText(trace, null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var why = overdue.IsCancellationRequested ? $"the time limit of {limit.TotalSeconds:0.##} s was reached" : $"the model paused for more than {settings.Current.Mcp.SilenceSeconds} s (mcp.silence_seconds)";
            if (gathered.IsEmpty) throw new GatewayException(ErrorCode.BackendTimeout, $"No answer: {why}.");
            return gathered.ToText(trace, why);
        }
        catch (GatewayException failure) when (!gathered.IsEmpty)
        {
            return gathered.ToText(trace, failure.Message);
        }
    }

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<ChatEvent> events, Gathered gathered, string model, Action<string> tell)
    {
        var next = events.MoveNextAsync();
        if (next.IsCompleted) return await next;
        var waiting = next.AsTask();
        if (!gathered.IsStarted) await ToolWait.UntilEndedAsync(waiting, () => queues.Reason(model) ?? "Reading the prompt", tell, time);
        else if (gathered.IsWorthTelling(time)) tell(gathered.Describe());
        return await waiting;
    }

    /// <summary>The pieces so far.</summary>
    private sealed class Gathered(string model)
    {
        private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

        private readonly StringBuilder text = new();
        private readonly StringBuilder reasoning = new();
        private string answering = model;
        private ChatEvent.Finished? end;
        private double? prompt;
        private int pieces;
        private long told;

        public bool IsStarted => pieces > 0 || prompt is not null;

        public bool IsEmpty => text.Length == 0 && reasoning.Length == 0;

        public void Take(ChatEvent happened)
        {
            switch (happened)
            {
                case ChatEvent.Started started: answering = started.Model; break;
                case ChatEvent.Progress progress: prompt = progress.Fraction; break;
                case ChatEvent.Finished finished: end = finished; break;
                case ChatEvent.Text piece: Add(text, piece.Content); break;
                case ChatEvent.Reasoning thought: Add(reasoning, thought.Content); break;
            }
        }

        public bool IsWorthTelling(TimeProvider time)
        {
            if (told != 0 && time.GetElapsedTime(told) < Pace) return false;
            told = time.GetTimestamp();
            return true;
        }

        public string Describe() => pieces == 0 ? $"Reading the prompt: {prompt * 100:0}%" : text.Length == 0 ? $"Thinking: {pieces} tokens" : $"Generating: {pieces} tokens";

        public GeneratedText ToText(RequestTrace? trace, string? cutShort)
        {
            var (answer, thought) = InlineReasoning.Split(text.ToString());
            return new GeneratedText(answering, answer, reasoning.Length > 0 ? reasoning.ToString() : thought)
            {
                FinishReason = end?.Reason,
                Usage = end?.Usage,
                Trace = trace,
                CutShort = cutShort,
            };
        }

        private void Add(StringBuilder whole, string piece)
        {
            pieces++;
            whole.Append(piece);
        }
    }
}
