using System.Text;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Chat;

/// <summary>Gathers the events of a generation: what came, from which model, and how it ended.</summary>
internal sealed class ChatAnswer(string model)
{
    private readonly StringBuilder text = new();
    private readonly StringBuilder reasoning = new();
    private int fragments;
    private ChatEvent.Finished? end;

    public string Model { get; private set; } = model;

    /// <summary>Tokens as the backend counted them; fragments where it does not count.</summary>
    private int PredictedTokens => end?.Usage?.CompletionTokens ?? fragments;

    /// <summary>Notes the event; keeps its text where the whole answer is wanted.</summary>
    public void Take(ChatEvent happened, bool keepText)
    {
        switch (happened)
        {
            case ChatEvent.Started started:
                Model = started.Model;
                break;
            case ChatEvent.Text piece:
                fragments++;
                if (keepText) text.Append(piece.Content);
                break;
            case ChatEvent.Reasoning thought:
                fragments++;
                if (keepText) reasoning.Append(thought.Content);
                break;
            case ChatEvent.Finished finished:
                end = finished;
                break;
        }
    }

    /// <summary>The whole answer.</summary>
    public void Write(Utf8JsonWriter writer, bool includeReasoning)
    {
        writer.WriteStartObject();
        writer.WriteString("model", Model);
        writer.WriteString("content", text.ToString());
        writer.WriteString("stop_reason", end?.Reason);
        writer.WriteNumber("predicted_tokens", PredictedTokens);
        if (includeReasoning) writer.WriteString("reasoning", reasoning.ToString());
        writer.WriteEndObject();
    }

    /// <summary>The last line of a stream.</summary>
    public void WriteDone(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "done");
        writer.WriteString("model", Model);
        writer.WriteNumber("predicted_tokens", PredictedTokens);
        writer.WriteString("stop_reason", end?.Reason);
    }
}
