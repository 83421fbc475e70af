namespace LmStudio.Simulator.Engine;

/// <summary>Makes embeddings: equal texts give equal vectors, texts that share words give near ones.</summary>
public sealed class Embedder(SimulatedLmStudio studio)
{
    /// <summary>The length of every vector, as the stocked embedding model has it.</summary>
    public const int Dimensions = 768;

    /// <summary>Embeds texts one after another in one of the instance's sessions.</summary>
    public async Task<IReadOnlyList<float[]>> EmbedAsync(LoadedInstance instance, IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        studio.Counters.StreamOpened();
        try
        {
            using var session = await instance.EnterAsync(cancellationToken);
            session.Phase = ProcessingStatus.ComputingEmbedding;
            var settings = studio.Settings;
            if (settings.TimeToFirstToken > TimeSpan.Zero) await Task.Delay(settings.TimeToFirstToken, settings.TimeProvider, cancellationToken);
            studio.Counters.Embedded(texts.Count);
            return [.. texts.Select(Embed)];
        }
        catch (OperationCanceledException)
        {
            studio.Counters.Cancelled();
            throw;
        }
        finally
        {
            studio.Counters.StreamClosed();
        }
    }

    /// <summary>The unit vector of a text.</summary>
    public static float[] Embed(string text)
    {
        var vector = new float[Dimensions];
        foreach (var token in Tokenizer.Encode(text.Trim().ToLowerInvariant()).DefaultIfEmpty(1)) Add(vector, (uint)token);
        var length = MathF.Sqrt(vector.Sum(value => value * value));
        for (var index = 0; index < vector.Length; index++) vector[index] /= length;
        return vector;
    }

    private static void Add(float[] vector, uint seed)
    {
        var state = seed * 2654435761u | 1;
        for (var index = 0; index < vector.Length; index++)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            vector[index] += (state / (float)uint.MaxValue) - 0.5f;
        }
    }
}
