using System.Runtime.CompilerServices;
using System.Text;

namespace LmStudio.Simulator.Engine;

/// <summary>Runs predictions: waits for a session, reads the prompt, then speaks token by token at the set pace.</summary>
public sealed class Generator(SimulatedLmStudio studio)
{
    /// <summary>
    /// Generates on an instance. The caller's token ends it with an exception (the caller left); the request's own stop and
    /// the instance's unloading end it with a <see cref="GenerationEvent.Finished"/>.
    /// </summary>
    /// <exception cref="EngineException">The prompt is longer than the context.</exception>
    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(
        LoadedInstance instance, GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var run = new Run(studio, instance, request, cancellationToken);
        if (!await run.EnterAsync())
        {
            yield return run.Finish();
            yield break;
        }

        yield return new GenerationEvent.PromptProgress(0, run.PromptTokens);
        if (!await run.ReadPromptAsync())
        {
            yield return run.Finish();
            yield break;
        }

        yield return new GenerationEvent.PromptProgress(run.PromptTokens, run.PromptTokens);
        var reply = Reply.To(request, instance.Model);
        await foreach (var step in run.SpeakAsync(reply)) yield return step;
        if (run.Ended is null)
            foreach (var call in reply.ToolCalls)
                await foreach (var step in run.CallAsync(call)) yield return step;
        yield return run.Finish();
    }

    /// <summary>One prediction: its place, its pace, its figures.</summary>
    private sealed class Run : IDisposable
    {
        private readonly SimulatedLmStudio _studio;
        private readonly SimulatorOptions _settings;
        private readonly LoadedInstance _instance;
        private readonly GenerationRequest _request;
        private readonly CancellationToken _left;
        private readonly CancellationTokenSource _any;
        private readonly StopStrings _stops;
        private readonly StringBuilder? _spoken;
        private readonly long _began;
        private readonly int _limit;
        private LoadedInstance.Session? _session;
        private long _firstToken;
        private int _tokens, _thoughts, _calls;
        private bool _finished;

        public Run(SimulatedLmStudio studio, LoadedInstance instance, GenerationRequest request, CancellationToken left)
        {
            (_studio, _settings, _instance, _request, _left) = (studio, studio.Settings, instance, request, left);
            PromptTokens = Tokenizer.CountPrompt(request);
            if (PromptTokens >= instance.ContextLength)
                throw new EngineException(new EngineError(
                    EngineErrorKind.ContextOverflow,
                    "The number of tokens to keep from the initial prompt is greater than the context length "
                    + $"(n_keep: {PromptTokens}>= n_ctx: {instance.ContextLength}). "
                    + "Try to load the model with a larger context length, or provide a shorter input."));
            _limit = Math.Min(request.MaxTokens is > 0 and var most ? most : int.MaxValue, instance.ContextLength - PromptTokens);
            _any = CancellationTokenSource.CreateLinkedTokenSource(left, request.Stop, instance.Unloaded);
            _stops = new StopStrings(request.StopStrings);
            _spoken = studio.Log.HasReaders ? new StringBuilder() : null;
            _began = _settings.TimeProvider.GetTimestamp();
            studio.Counters.StreamOpened();
        }

        public int PromptTokens { get; }

        /// <summary>Why it ended before its natural end, or null.</summary>
        public StopReason? Ended { get; private set; }

        public async Task<bool> EnterAsync()
        {
            try
            {
                _session = await _instance.EnterAsync(_any.Token);
            }
            catch (OperationCanceledException)
            {
                return Interrupted();
            }

            _studio.Counters.PredictionStarted();
            if (_spoken is not null) _studio.Log.Write(new DiagnosticEvent.PredictionInput(_studio.Now, _instance, Tokenizer.ApplyTemplate(_request)));
            return true;
        }

        public async ValueTask<bool> ReadPromptAsync()
        {
            _session!.Phase = ProcessingStatus.ProcessingPrompt;
            var read = await PauseAsync(_settings.TimeToFirstToken);
            _session.Phase = ProcessingStatus.Generating;
            _firstToken = _settings.TimeProvider.GetTimestamp();
            return read;
        }

        public async IAsyncEnumerable<GenerationEvent> SpeakAsync(Reply reply)
        {
            var thinking = false;
            foreach (var piece in reply.Reasoning)
            {
                if (!thinking) yield return new GenerationEvent.Token("<think>", TokenKind.ReasoningStart);
                thinking = true;
                if (!await NextTokenAsync()) yield break;
                _thoughts++;
                yield return new GenerationEvent.Token(piece, TokenKind.Reasoning);
            }

            if (thinking) yield return new GenerationEvent.Token("</think>", TokenKind.ReasoningEnd);
            foreach (var piece in reply.Content)
            {
                if (!await NextTokenAsync()) break;
                if (Said(_stops.Pass(piece)) is { } said) yield return said;
                if (_stops.Found is null) continue;
                Ended = StopReason.StopStringFound;
                yield break;
            }

            if (Said(_stops.Rest()) is { } rest) yield return rest;
        }

        public async IAsyncEnumerable<GenerationEvent> CallAsync(ToolCall call)
        {
            var index = _calls++;
            if (!await NextTokenAsync()) yield break;
            yield return new GenerationEvent.ToolCallStart(index, call.Id, call.Name);
            foreach (var piece in Tokenizer.Split(call.Arguments))
            {
                if (!await NextTokenAsync()) yield break;
                yield return new GenerationEvent.ToolCallArguments(index, piece);
            }

            yield return new GenerationEvent.ToolCallEnd(index, call);
        }

        public GenerationEvent Finish()
        {
            _finished = true;
            var now = _settings.TimeProvider.GetTimestamp();
            var stats = new GenerationStats
            {
                StopReason = Ended ?? (_calls > 0 ? StopReason.ToolCalls : StopReason.EosFound),
                StopString = _stops.Found,
                PromptTokens = PromptTokens,
                PredictedTokens = _tokens,
                ReasoningTokens = _thoughts,
                TimeToFirstToken = _settings.TimeProvider.GetElapsedTime(_began, _firstToken == 0 ? now : _firstToken),
                TotalTime = _settings.TimeProvider.GetElapsedTime(_began, now),
            };
            if (stats.StopReason == StopReason.UserStopped) _studio.Counters.Cancelled();
            else if (stats.StopReason != StopReason.ModelUnloaded) _studio.Counters.PredictionCompleted(_tokens);
            if (_spoken is not null) _studio.Log.Write(new DiagnosticEvent.PredictionOutput(_studio.Now, _instance, _spoken.ToString(), stats));
            return new GenerationEvent.Finished(stats);
        }

        public void Dispose()
        {
            if (!_finished && _left.IsCancellationRequested) _studio.Counters.Cancelled();
            if (_session is not null)
            {
                _session.Dispose();
                _studio.Counters.PredictionEnded();
            }

            _studio.Counters.StreamClosed();
            _any.Dispose();
        }

        /// <summary>A token for text that goes out, which is noted for the log; null for none.</summary>
        private GenerationEvent.Token? Said(string text)
        {
            _spoken?.Append(text);
            return text.Length > 0 ? new GenerationEvent.Token(text, TokenKind.Content) : null;
        }

        /// <summary>Waits for the next token's time; false when the generation is to end, for the reason in <see cref="Ended"/>.</summary>
        private async ValueTask<bool> NextTokenAsync()
        {
            if (_any.IsCancellationRequested) return Interrupted();
            if (Ended is not null) return false;
            if (_tokens >= _limit)
            {
                Ended = _tokens >= _instance.ContextLength - PromptTokens ? StopReason.ContextLengthReached : StopReason.MaxPredictedTokensReached;
                return false;
            }

            if (_settings.TokensPerSecond > 0)
            {
                var due = TimeSpan.FromSeconds((_tokens + 1) / _settings.TokensPerSecond) - _settings.TimeProvider.GetElapsedTime(_firstToken);
                if (!await PauseAsync(due)) return false;
            }

            _tokens++;
            return true;
        }

        private async ValueTask<bool> PauseAsync(TimeSpan time)
        {
            if (time <= TimeSpan.Zero) return true;
            try
            {
                await Task.Delay(time, _settings.TimeProvider, _any.Token);
                return true;
            }
            catch (OperationCanceledException)
            {
                return Interrupted();
            }
        }

        /// <summary>Always false; notes why, or throws when the caller left.</summary>
        private bool Interrupted()
        {
            _left.ThrowIfCancellationRequested();
            Ended = _instance.Unloaded.IsCancellationRequested ? StopReason.ModelUnloaded : StopReason.UserStopped;
            return false;
        }
    }
}
