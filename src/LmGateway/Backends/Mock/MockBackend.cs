using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using LmGateway.Backends.Wire;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Mock;

/// <summary>
/// Canned replies out of a folder of YAML files, one for each model and <c>default.yaml</c> for all others. The folder is read anew with
/// every look at the backend, so that a changed file counts without a restart.
/// </summary>
internal sealed class MockBackend(GatewayOptions options, TimeProvider time, string name = InferenceOptions.Mock) : IBackend
{
    /// <summary>Nothing is slower here for being asked more at once.</summary>
    private const int AtOnce = 1024;

    private static readonly BackendTraits MockTraits = new()
    {
        Kind = InferenceOptions.Mock,
        Dialects = FrozenSet.ToFrozenSet([Dialect.OpenAiChat, Dialect.OpenAiCompletions, Dialect.OpenAiEmbeddings]),
        LoadsOnRequest = true,
        Extensions = FrozenSet<string>.Empty,
    };

    private readonly ConcurrentDictionary<string, StrongBox<long>> asked = new(StringComparer.Ordinal);
    private volatile MockLibrary? library;

    public string Name => name;

    public BackendTraits Traits => MockTraits;

    public async Task<BackendReport> ReportAsync(CancellationToken cancellationToken)
    {
        var folder = options.Inference.MockResponsesDir;
        var found = await ReadAsync(cancellationToken);
        var current = library = found ?? MockLibrary.BuiltIn;
        ModelInfo[] models = [.. current.Models.Select(name => new ModelInfo { Backend = Name, Key = name, Type = ModelType.Unknown })];
        return new BackendReport
        {
            Models = models,
            Instances = [.. models.Select(model => new ModelInstance { Id = new InstanceId(options.Node, Name, model.Key), ModelKey = model.Key, Type = model.Type, Parallel = AtOnce })],
            Control = ControlChannels.None,
            Traits = MockTraits with { TakesAnyModelName = current.AnswersAny },
            Problem = found is null ? $"The folder {folder} does not exist: every model gives the built-in reply. Set inference.mock.responses_dir." : null,
        };
    }

    public Task<LoadResult> LoadAsync(LoadOrder order, IProgress<double>? progress, CancellationToken cancellationToken) => throw Refusals.NoControl(Name);

    public Task UnloadAsync(string identifier, CancellationToken cancellationToken) => throw Refusals.NoControl(Name);

    public async Task<ExchangeReply> ExchangeAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        if (!MockTraits.Dialects.Contains(exchange.Dialect)) throw Failure(ErrorCode.NotSupported, $"The mock does not answer {exchange.PathAndQuery}.");
        var request = MockRequest.Read(exchange.Body);
        var known = library ??= await ReadAsync(cancellationToken) ?? MockLibrary.BuiltIn;
        if (known.Find(request.Model) is not var (name, file))
            throw new GatewayException(new GatewayError(ErrorCode.ModelNotFound, $"Model '{request.Model}' has no file of replies.") { Parameter = "model", Backend = Name });
        var patience = new MockPatience(new ReplyLimits(time, exchange, cancellationToken), time);
        if (exchange.Dialect == Dialect.OpenAiEmbeddings) return new MockReply([MockEmbeddings.Write(request)], TimeSpan.Zero, "application/json", patience);

        var number = Interlocked.Increment(ref asked.GetOrAdd(name, _ => new StrongBox<long>(-1)).Value);
        var response = file.Choose(number);
        try
        {
            await patience.PauseAsync(response.Delay, cancellationToken);
        }
        catch
        {
            patience.Dispose();
            throw;
        }

        var answer = new MockAnswer(request, response, number, exchange.Dialect);
        return request.Streamed
            ? new MockReply(answer.Events(), file.ChunkDelay, "text/event-stream", patience)
            : new MockReply([answer.Whole()], TimeSpan.Zero, "application/json", patience);
    }

    public IAsyncEnumerable<ChatEvent> GenerateAsync(string identifier, ChatRequest request, GenerationLimits limits, CancellationToken cancellationToken) =>
        OpenAiGeneration.RunAsync(this, OpenAiGeneration.Exchange(identifier, request, limits), cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<MockLibrary?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await MockLibrary.ReadAsync(options.Inference.MockResponsesDir, cancellationToken);
        }
        catch (Exception fault) when (fault is MockFileException or IOException or UnauthorizedAccessException)
        {
            throw Failure(ErrorCode.BackendFault, $"The mock's replies cannot be used: {fault.Message}");
        }
    }

    private GatewayException Failure(ErrorCode code, string message) => new(new GatewayError(code, message) { Backend = Name });
}
