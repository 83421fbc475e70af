using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Reload;
using LmGateway.Serving;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Debug;

/// <summary><c>GET /debug/status</c>: what the service is doing now, and its last requests.</summary>
internal static class StatusReport
{
    public static Task WriteAsync(HttpContext context, CurrentWork work, RequestJournal journal, ConfigurationReload reload, LiveSettings settings)
    {
        var (underWay, queues) = (work.Operation(), work.Queues());
        return JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("status", work.State(underWay) switch
            {
                ServiceState.LoadingModel => "loading_model",
                ServiceState.ProcessingInference => "processing_inference",
                ServiceState.Error => "error",
                _ => "idle",
            });
            json.WriteOperation(underWay);
            json.WriteActiveModel("activeModel", work.ActiveModel);
            json.WriteLastTen("recentRequests", journal.All());
            json.WriteNumber("totalRequests", journal.Begun);
            json.WriteNumber("totalErrors", journal.Failed);
            json.WriteNumber("activeRequests", journal.Active);
            json.WriteNumber("waitingRequests", queues.Waiting.Sum(model => model.Requests));
            json.WriteBoolean("draining", queues.Draining);
            WriteConfiguration(json, reload.Record);
            WriteRuntime(json, settings.Current.Runtime);
            json.WriteEndObject();
        });
    }

    /// <summary>What is in force. The last one tells of this very request: whether it is worked on where its bytes were read.</summary>
    private static void WriteRuntime(Utf8JsonWriter json, RuntimeOptions options)
    {
        json.WriteStartObject("runtime");
        json.WriteBoolean("lowCpu", options.LowCpu);
        json.WriteBoolean("socketsInline", RuntimeSettings.SocketsInline);
        json.WriteString("threadPoolSpin", RuntimeSettings.Spin);
        json.WriteBoolean("onSocketThread", !Thread.CurrentThread.IsThreadPoolThread);
        json.WriteEndObject();
    }

    private static void WriteConfiguration(Utf8JsonWriter json, ReloadRecord record)
    {
        json.WriteStartObject("configuration");
        json.WriteNumber("reloads", record.Applied);
        json.WriteNumber("refused", record.Refused);
        if (record.LastApplied is { } applied)
        {
            json.WriteString("lastReload", EventJson.Time(applied.At));
            json.WriteTexts("changed", applied.Changed);
            json.WriteTexts("needRestart", applied.NeedRestart);
        }

        if (record.LastRefused is { } refused)
        {
            json.WriteString("lastRefusal", EventJson.Time(refused.At));
            json.WriteTexts("errors", [.. refused.Errors.Select(error => error.ToString())]);
        }

        json.WriteEndObject();
    }
}
