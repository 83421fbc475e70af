using System.Text.Json;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Debug;

/// <summary>Objects that several answers of the debug API share.</summary>
internal static class DebugWords
{
    /// <summary>The active model as an object, whose members are null where none is active.</summary>
    public static void WriteActiveModel(this Utf8JsonWriter json, string name, ActiveModel? active)
    {
        json.WriteStartObject(name);
        json.WriteString("modelKey", active?.ModelKey);
        json.WriteString("instanceId", active?.InstanceId);
        json.WriteDefaults("defaultInference", active?.Defaults ?? InferenceDefaults.None);
        json.WriteEndObject();
    }

    public static void WriteOperation(this Utf8JsonWriter json, OperationUnderWay? underWay)
    {
        if (underWay is null)
        {
            json.WriteNull("currentOperation");
            return;
        }

        json.WriteStartObject("currentOperation");
        json.WriteString("type", underWay.Type);
        json.WriteString("modelKey", underWay.ModelKey);
        if (underWay.Progress is { } progress) json.WriteNumber("progress", Math.Round(progress * 100, 1));
        else json.WriteNull("progress");
        json.WriteString("startedAt", EventJson.Time(underWay.StartedAt));
        json.WriteEndObject();
    }

    /// <summary>The last ten requests that have ended, the newest last.</summary>
    public static void WriteLastTen(this Utf8JsonWriter json, string name, IEnumerable<RequestTrace> newestFirst)
    {
        json.WriteStartArray(name);
        foreach (var trace in newestFirst.Where(trace => trace.HasEnded).Take(10).Reverse())
        {
            json.WriteStartObject();
            json.WriteString("requestId", trace.Call.RequestId);
            json.WriteString("status", trace.State switch { RequestState.Done => "completed", RequestState.Failed => "error", _ => "cancelled" });
            json.WriteMilliseconds("timeMs", trace.Total);
            json.WriteString("timestamp", EventJson.Time(trace.StartedAt + trace.Total));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
