using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Events;

/// <summary>A request for inference, and where it runs as far as that is known.</summary>
internal sealed record InferenceSubject(CallContext Call, string Model)
{
    /// <summary>The instance that answers; null before one is found.</summary>
    public InstanceId? Instance { get; init; }

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteString("requestId", Call.RequestId);
        json.WriteString("api", Call.Api);
        json.WriteString("caller", Call.Caller);
        json.WriteString("modelKey", Model);
        if (Instance is not { } found) return;
        json.WriteString("instanceId", found.Identifier);
        json.WriteString("backend", found.Backend);
    }
}

/// <summary>A request has been read and begins to look for its model.</summary>
internal sealed record InferenceStarted(InferenceSubject Request) : GatewayEvent("inference.start")
{
    public bool Streamed { get; init; }

    public override void WriteMembers(Utf8JsonWriter json)
    {
        Request.Write(json);
        json.WriteKnown("method", Request.Call.Method);
        json.WriteKnown("path", Request.Call.Path);
        json.WriteBoolean("stream", Streamed);
    }
}

/// <summary>The first piece of the answer is there. Times are since the request began; queue and load are parts of it.</summary>
internal sealed record InferenceFirstToken(InferenceSubject Request, InferenceTimes Times) : GatewayEvent("inference.first_token")
{
    public override void WriteMembers(Utf8JsonWriter json)
    {
        Request.Write(json);
        Times.Write(json);
    }
}

internal sealed record InferenceCompleted(InferenceSubject Request, InferenceTimes Times) : GatewayEvent("inference.complete")
{
    public Usage? Usage { get; init; }
    public string? FinishReason { get; init; }

    public override void WriteMembers(Utf8JsonWriter json)
    {
        Request.Write(json);
        Times.Write(json);
        if (Usage is { } usage)
        {
            json.WriteStartObject("tokenUsage");
            json.WriteNumber("promptTokens", usage.PromptTokens);
            json.WriteNumber("completionTokens", usage.CompletionTokens);
            json.WriteNumber("totalTokens", usage.TotalTokens);
            json.WriteEndObject();
        }

        json.WriteKnown("finishReason", FinishReason);
    }
}

internal sealed record InferenceFailed(InferenceSubject Request, InferenceTimes Times, GatewayError? Error) : GatewayEvent("inference.failed")
{
    public override string Name => "error";

    public override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("operation", "inference");
        Request.Write(json);
        json.WriteString("error", Error?.Message ?? "The backend refused the request.");
        json.WriteString("code", EventWords.Of(Error?.Code ?? ErrorCode.BackendFault));
        Times.Write(json);
    }
}

/// <summary>The caller went away or cancelled.</summary>
internal sealed record InferenceCancelled(InferenceSubject Request, InferenceTimes Times) : GatewayEvent("inference.cancelled")
{
    public override void WriteMembers(Utf8JsonWriter json)
    {
        Request.Write(json);
        Times.Write(json);
    }
}

/// <summary>Where the time of a request went until now.</summary>
/// <param name="Total">Since the request began.</param>
/// <param name="Queue">Waiting for a place, without the load.</param>
/// <param name="Load">Waiting for a load.</param>
/// <param name="FirstToken">From sending the request to the backend to the first piece of its answer; null before it.</param>
internal readonly record struct InferenceTimes(TimeSpan Total, TimeSpan Queue, TimeSpan Load, TimeSpan? FirstToken)
{
    internal void Write(Utf8JsonWriter json)
    {
        json.WriteMilliseconds("totalTimeMs", Total);
        json.WriteMilliseconds("queueTimeMs", Queue);
        json.WriteMilliseconds("loadTimeMs", Load);
        json.WriteMilliseconds("firstTokenMs", FirstToken);
    }
}
