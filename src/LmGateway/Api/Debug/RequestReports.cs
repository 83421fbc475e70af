using System.Globalization;
using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Debug;

/// <summary><c>GET /debug/requests</c> and <c>/debug/requests/{id}</c>: the journal.</summary>
internal static class RequestReports
{
    private const int UsualCount = 100;

    /// <summary>The newest first; <c>?state=</c>, <c>?model=</c> and <c>?limit=</c> choose among them.</summary>
    public static Task ListAsync(HttpContext context, RequestJournal journal, CurrentWork work)
    {
        var query = context.Request.Query;
        var (state, model) = (query["state"].ToString(), query["model"].ToString());
        var limit = LimitOf(query["limit"].ToString());
        var queues = work.Queues();
        var chosen = journal.All()
            .Where(trace => model.Length == 0 || trace.ModelKey == model || trace.AskedModel == model || trace.Identifier == model)
            .Where(trace => state.Length == 0 || CurrentWork.WordFor(trace, queues) == state)
            .Take(limit).ToList();
        return JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("requests");
            foreach (var trace in chosen)
            {
                json.WriteStartObject();
                WriteMembers(json, trace, CurrentWork.WordFor(trace, queues));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("totalRequests", journal.Begun);
            json.WriteEndObject();
        });
    }

    /// <summary>One request with its bodies, where they are kept, and as a curl command; <c>?format=curl</c> gives the command alone.</summary>
    public static async Task ShowAsync(HttpContext context, string id, RequestJournal journal, CurrentWork work)
    {
        var trace = journal.Find(id) ?? throw new GatewayException(ErrorCode.RouteNotFound, $"No request '{id}' is remembered. GET /debug/requests lists those that are.");
        var command = RequestCommand.Of(trace, $"{context.Request.Scheme}://{context.Request.Host}");
        if (context.Request.Query["format"] == "curl")
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync((command ?? "# This request did not come over HTTP.") + "\n", context.RequestAborted);
            return;
        }

        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            WriteMembers(json, trace, CurrentWork.WordFor(trace, work.Queues()));
            json.WriteKnown("requestBody", trace.Bodies?.Request());
            json.WriteKnown("replyBody", trace.Bodies?.Reply());
            json.WriteKnown("curl", command);
            json.WriteEndObject();
        });
    }

    private static int LimitOf(string text)
    {
        if (text.Length == 0) return UsualCount;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0) return limit;
        throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, "limit: a whole number from 1 on is expected") { Parameter = "limit" });
    }

    private static void WriteMembers(Utf8JsonWriter json, RequestTrace trace, string state)
    {
        json.WriteString("requestId", trace.Call.RequestId);
        json.WriteString("state", state);
        if (trace.Status is { } status) json.WriteNumber("status", status);
        json.WriteString("api", trace.Call.Api);
        json.WriteKnown("method", trace.Call.Method);
        json.WriteKnown("path", trace.Call.Path);
        json.WriteString("caller", trace.Call.Caller);
        json.WriteString("model", trace.AskedModel);
        json.WriteString("modelKey", trace.ModelKey);
        json.WriteString("instanceId", trace.Identifier);
        json.WriteString("backend", trace.Backend);
        json.WriteBoolean("stream", trace.Streamed);
        json.WriteString("startedAt", EventJson.Time(trace.StartedAt));
        json.WriteMilliseconds("totalTimeMs", trace.Total);
        json.WriteMilliseconds("queueTimeMs", trace.Queued);
        json.WriteMilliseconds("loadTimeMs", trace.Load);
        json.WriteMilliseconds("firstTokenMs", trace.FirstPiece);
        json.WriteMilliseconds("generationMs", trace.Generation);
        WriteEnd(json, trace);
    }

    private static void WriteEnd(Utf8JsonWriter json, RequestTrace trace)
    {
        if (trace.Usage is { } usage)
        {
            json.WriteStartObject("tokenUsage");
            json.WriteNumber("promptTokens", usage.PromptTokens);
            json.WriteNumber("completionTokens", usage.CompletionTokens);
            json.WriteNumber("totalTokens", usage.TotalTokens);
            json.WriteEndObject();
        }

        if (trace.TokensPerSecond is { } speed) json.WriteNumber("tokensPerSecond", Math.Round(speed, 1));
        json.WriteKnown("finishReason", trace.FinishReason);
        if (trace.Error is not { } error) return;
        json.WriteString("error", error.Message);
        json.WriteString("code", EventWords.Of(error.Code));
    }
}
