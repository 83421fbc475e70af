using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Ollama;

/// <summary>
/// One download. Ollama tells of each layer by itself, so the figures are summed over the layers that it has announced so far. That there
/// is no such model it says only after its 200.
/// </summary>
internal sealed class OllamaPull(OllamaApi api, IProgress<PullProgress> progress)
{
    private const int LongestLine = 1024 * 1024;

    /// <summary>Layers come one after another; nothing for this long means that the server is stuck.</summary>
    private static readonly GenerationLimits Patience = new(null, TimeSpan.FromMinutes(10));

    private readonly Dictionary<string, (long Done, long Total)> layers = new(StringComparer.Ordinal);
    private bool fetched;
    private bool succeeded;

    public async Task<PullResult> RunAsync(string model, CancellationToken cancellationToken)
    {
        try
        {
            var body = OllamaApi.Body(writer => writer.WriteString("model", model));
            await using var reply = await api.StreamAsync("/api/pull", body, Patience, cancellationToken);
            await ReadAsync(reply, cancellationToken);
        }
        catch (GatewayException failure) when (failure.Error.Code is ErrorCode.BackendFault or ErrorCode.InvalidRequest or ErrorCode.RouteNotFound)
        {
            throw new GatewayException(Meaning(failure.Error, model), failure);
        }

        if (!succeeded)
            throw new GatewayException(new GatewayError(ErrorCode.TransferFailed, $"Ollama broke off the download of '{model}'. Pull it again; what is there is kept.") { Backend = api.Backend });
        return new PullResult(WasThere: !fetched);
    }

    private async Task ReadAsync(ExchangeReply reply, CancellationToken cancellationToken)
    {
        using var splitter = new LineSplitter(LongestLine);
        await foreach (var block in reply.Blocks(cancellationToken))
        {
            splitter.Feed(block);
            while (splitter.TryNext(out var line)) Take(line);
            splitter.Keep();
        }

        if (splitter.TryLast(out var last)) Take(last);
    }

    private void Take(ReadOnlyMemory<byte> line)
    {
        using var document = api.Line(line);
        var told = document.RootElement;
        var status = told.Text("status");
        succeeded |= status == "success";
        if (told.Text("digest") is { } digest) TakeLayer(digest, told);
        var total = layers.Values.Sum(layer => layer.Total);
        progress.Report(new PullProgress { Bytes = layers.Values.Sum(layer => layer.Done), Total = total > 0 ? total : null, Message = status });
    }

    /// <summary>A layer that is on the disk already is told of in one line, complete at once.</summary>
    private void TakeLayer(string digest, JsonElement told)
    {
        layers.TryGetValue(digest, out var known);
        var layer = (Done: told.Whole("completed") ?? known.Done, Total: told.Whole("total") ?? known.Total);
        fetched |= layer.Total == 0 || layer.Done < layer.Total;
        layers[digest] = layer;
    }

    /// <summary>Ollama has no codes for these; its words are all there is.</summary>
    private static GatewayError Meaning(GatewayError error, string model) => error.Message switch
    {
        var text when Has(text, "file does not exist") || Has(text, "not found") || Has(text, "invalid model name") || Has(text, "repository") && Has(text, "not exist") =>
            error with { Code = ErrorCode.ModelNotFound, Message = $"Model not found: '{model}' ({text})", Parameter = "identifier" },
        var text when Has(text, "no space left") || Has(text, "not enough space") || Has(text, "disk full") => error with { Code = ErrorCode.DiskFull },
        _ => error with { Code = ErrorCode.TransferFailed },
    };

    private static bool Has(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
