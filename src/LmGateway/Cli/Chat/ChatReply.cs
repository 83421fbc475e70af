using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Chat;

/// <summary>A piece of an answer.</summary>
/// <param name="Text">What comes next.</param>
/// <param name="IsReasoning">The model thinks aloud; the answer itself follows.</param>
internal readonly record struct Piece(string Text, bool IsReasoning);

/// <summary>An answer as it comes, and what is known of it at its end.</summary>
internal sealed class ChatReply(ServiceCall call)
{
    private readonly StringBuilder text = new();
    private readonly StringBuilder reasoning = new();
    private long? begun;

    public string Text => text.ToString();

    public string Reasoning => reasoning.ToString();

    /// <summary>Which model answered.</summary>
    public string? Model { get; private set; }

    public string? FinishReason { get; private set; }

    public JsonElement? Usage { get; private set; }

    /// <summary>From the first piece to the last.</summary>
    public TimeSpan Took { get; private set; }

    public double? TokensPerSecond => Usage?.Number("completion_tokens") is { } tokens and > 1 && Took > TimeSpan.Zero ? (tokens - 1) / Took.TotalSeconds : null;

    /// <summary>Leaving the enumeration ends the generation.</summary>
    public async IAsyncEnumerable<Piece> ReadAsync(string body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reply = await call.Service.StreamAsync("/v1/chat/completions", body, cancellationToken);
        await using var stream = await reply.Content.ReadAsStreamAsync(cancellationToken);
        var events = SseParser.Create(stream).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (events)
        {
            while (await MoveAsync(events))
            {
                if (events.Current.Data is "[DONE]") yield break;
                foreach (var piece in Take(events.Current.Data)) yield return piece;
            }
        }
    }

    private async Task<bool> MoveAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception fault) when (fault is IOException or HttpRequestException)
        {
            throw ServiceFailures.Unreachable(call.Service.Location, fault);
        }
    }

    private List<Piece> Take(string data)
    {
        var pieces = new List<Piece>();
        if (data.Length == 0) return pieces;
        var chunk = Parse(data);
        if (chunk.Member("error") is { } error) throw new CommandException(error.Text("code") ?? "failed", error.Text("message") ?? error.ToString(), "'lmgateway status' shows how the service is.");
        Model ??= chunk.Text("model");
        if (chunk.Member("usage") is { ValueKind: JsonValueKind.Object } usage) Usage = usage;
        if (chunk.Items("choices") is not [var choice, ..]) return pieces;
        FinishReason = choice.Text("finish_reason") ?? FinishReason;
        var delta = choice.Member("delta") ?? default;
        if ((delta.Text("reasoning_content") ?? delta.Text("reasoning")) is { Length: > 0 } thought) pieces.Add(new Piece(thought, IsReasoning: true));
        if (delta.Text("content") is { Length: > 0 } said) pieces.Add(new Piece(said, IsReasoning: false));
        foreach (var piece in pieces) (piece.IsReasoning ? reasoning : text).Append(piece.Text);
        if (pieces.Count > 0) Took = call.Surroundings.Time.GetElapsedTime(begun ??= call.Surroundings.Time.GetTimestamp());
        return pieces;
    }

    private JsonElement Parse(string data)
    {
        try
        {
            return JsonElement.Parse(data);
        }
        catch (JsonException)
        {
            throw ServiceFailures.Foreign(call.Service.Location);
        }
    }
}
