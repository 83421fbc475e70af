using LmGateway.Api.Http;
using LmGateway.Serving;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Debug;

/// <summary><c>GET /debug/queue</c>: who waits for which model, what runs on which instance, what loads.</summary>
internal static class QueueReport
{
    public static Task WriteAsync(HttpContext context, CurrentWork work)
    {
        var queues = work.Queues();
        return JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("waiting");
            foreach (var model in queues.Waiting)
            {
                json.WriteStartObject();
                json.WriteString("modelKey", model.ModelKey);
                json.WriteString("backend", model.Backend);
                json.WriteNumber("requests", model.Requests);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("instances");
            foreach (var instance in queues.Instances)
            {
                json.WriteStartObject();
                json.WriteString("instanceId", instance.Id.Identifier);
                json.WriteString("backend", instance.Id.Backend);
                json.WriteNumber("running", instance.Running);
                json.WriteNumber("parallel", instance.Parallel);
                json.WriteBoolean("onDemand", instance.OnDemand);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("loads");
            foreach (var load in queues.Loads)
            {
                json.WriteStartObject();
                json.WriteString("modelKey", load.ModelKey);
                json.WriteString("backend", load.Backend);
                json.WriteBoolean("onDemand", load.OnDemand);
                json.WriteNumber("progress", Math.Round(load.Progress * 100, 1));
                json.WriteNumber("elapsedMs", (long)load.Took.TotalMilliseconds);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteBoolean("draining", queues.Draining);
            json.WriteEndObject();
        });
    }
}
