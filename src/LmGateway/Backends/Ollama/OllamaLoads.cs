using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Ollama;

/// <summary>
/// Loads and unloads. Ollama has one copy of a model, named as the model; a load is a request without a prompt, an unload one that keeps
/// the model for no time.
/// </summary>
internal sealed class OllamaLoads(string node, OllamaApi api, TimeProvider time)
{
    private const string OwnOptions =
        "Ollama loads a model anew when a request's options differ from those it was loaded with, and requests of OpenAI's clients carry none. Set it in the model (ollama create) or for the server (OLLAMA_CONTEXT_LENGTH …).";

    private static readonly TimeSpan GoneLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GonePace = TimeSpan.FromMilliseconds(100);

    public async Task<LoadResult> LoadAsync(LoadOrder order, CancellationToken cancellationToken)
    {
        var wasThere = await FindAsync(order.ModelKey, cancellationToken) is not null;
        var type = await LoadAsync(order.ModelKey, order.Ttl, cancellationToken);
        var running = await FindAsync(order.ModelKey, cancellationToken) ?? throw Vanished(order.ModelKey);
        var instance = new ModelInstance
        {
            Id = new InstanceId(node, api.Backend, running.Text("name")!),
            ModelKey = running.Text("name")!,
            Type = type,
            ContextLength = (int?)running.Whole("context_length"),
            Ttl = order.Ttl,
        };
        return new LoadResult(instance) { WasLoaded = wasThere, NotApplied = [.. NotApplied(order)] };
    }

    /// <summary>Returns when the model is no longer listed; Ollama lets go of it a moment after it said so.</summary>
    public async Task UnloadAsync(string identifier, CancellationToken cancellationToken)
    {
        if (await FindAsync(identifier, cancellationToken) is null)
            throw new GatewayException(new GatewayError(ErrorCode.ModelNotFound, $"Model not found: {identifier} is not loaded.") { Backend = api.Backend });
        await api.PostAsync("/api/generate", writer =>
        {
            writer.WriteString("model", identifier);
            writer.WriteNumber("keep_alive", 0);
        }, cancellationToken);
        using var limit = new CancellationTokenSource(GoneLimit, time);
        while (await FindAsync(identifier, cancellationToken) is not null)
        {
            if (limit.IsCancellationRequested)
                throw new GatewayException(new GatewayError(ErrorCode.BackendTimeout, $"Ollama still has '{identifier}' loaded {GoneLimit.TotalSeconds:0} s after it was told to unload it; a request may be running on it.") { Backend = api.Backend });
            await Task.Delay(GonePace, time, cancellationToken);
        }
    }

    private async Task<ModelType> LoadAsync(string model, TimeSpan? ttl, CancellationToken cancellationToken)
    {
        try
        {
            await api.PostPatientlyAsync("/api/generate", Write, cancellationToken);
            return ModelType.Llm;
        }
        catch (GatewayException refused) when (refused.Error.Code == ErrorCode.NotSupported)
        {
            // A model that only embeds is loaded by embedding nothing.
            await api.PostPatientlyAsync("/api/embed", Write, cancellationToken);
            return ModelType.Embedding;
        }
        catch (GatewayException failure) when (failure.Error.Code == ErrorCode.BackendFault)
        {
            throw new GatewayException(failure.Error with { Code = ErrorCode.LoadFailed }, failure);
        }

        void Write(Utf8JsonWriter writer)
        {
            writer.WriteString("model", model);
            writer.WriteNumber("keep_alive", ttl is { } time ? (long)Math.Max(1, time.TotalSeconds) : -1);
            writer.WriteBoolean("stream", false);
        }
    }

    private async Task<JsonElement?> FindAsync(string model, CancellationToken cancellationToken)
    {
        foreach (var running in (await api.GetAsync("/api/ps", cancellationToken)).Items("models"))
            if (string.Equals(running.Text("name"), model, StringComparison.OrdinalIgnoreCase)) return running;
        return null;
    }

    private static IEnumerable<NotApplied> NotApplied(LoadOrder order)
    {
        if (order.Identifier is { } identifier && identifier != order.ModelKey)
            yield return new NotApplied("instanceId", identifier, "Ollama has one copy of a model, and it bears the model's name.");
        foreach (var setting in UnappliedSettings.Of(order.Settings, OwnOptions)) yield return setting;
    }

    private GatewayException Vanished(string model) =>
        new(new GatewayError(ErrorCode.LoadFailed, $"Ollama loaded '{model}' and let go of it at once.") { Backend = api.Backend });
}
