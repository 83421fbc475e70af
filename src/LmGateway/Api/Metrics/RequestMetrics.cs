using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Observability.Metrics;

namespace LmGateway.Api.Metrics;

/// <summary>The figures of requests, by API, backend and model.</summary>
internal static class RequestMetrics
{
    public static void Write(PrometheusText text, ServiceFigures figures)
    {
        var requests = figures.Requests;
        text.Family("lmgateway_requests_total", "counter", "Requests for inference that have ended.");
        foreach (var one in requests)
            foreach (var outcome in new[] { RequestState.Done, RequestState.Failed, RequestState.Cancelled })
                text.Sample("lmgateway_requests_total", one.Count(outcome), [.. Labels(one), ("outcome", WordFor(outcome))]);
        text.Family("lmgateway_request_errors_total", "counter", "Requests that failed, by cause.");
        foreach (var (api, code, count) in figures.Errors) text.Sample("lmgateway_request_errors_total", count, ("api", api), ("code", EventWords.Of(code)));
        text.Family("lmgateway_tokens_total", "counter", "Tokens as the backends count them.");
        foreach (var one in requests)
        {
            text.Sample("lmgateway_tokens_total", one.PromptTokens, [.. Labels(one), ("kind", "input")]);
            text.Sample("lmgateway_tokens_total", one.CompletionTokens, [.. Labels(one), ("kind", "output")]);
        }

        Histograms(text, requests, "lmgateway_request_duration_seconds", "From the request's arrival to its end.", one => one.Duration);
        Histograms(text, requests, "lmgateway_time_to_first_token_seconds", "Of streams: from sending the request to the first piece of the answer.", one => one.FirstToken);
        Histograms(text, requests, "lmgateway_time_per_output_token_seconds", "Of streams: time between two tokens, on the average of each request.", one => one.PerToken);
        Histograms(text, requests, "lmgateway_output_tokens_per_second", "Speed of each answer.", one => one.Speed);
        Histograms(text, requests, "lmgateway_queue_wait_seconds", "Time in the queue, without loads.", one => one.QueueWait);
        Histograms(text, requests, "lmgateway_overhead_seconds", "The gateway's own part of a request's time.", one => one.Overhead);
    }

    private static void Histograms(PrometheusText text, IReadOnlyCollection<RequestFigures> requests, string name, string help, Func<RequestFigures, Histogram> histogram)
    {
        text.Family(name, "histogram", help);
        foreach (var one in requests) text.Buckets(name, histogram(one), Labels(one));
    }

    private static (string Name, string Value)[] Labels(RequestFigures one) => [("api", one.Series.Api), ("backend", one.Series.Backend), ("model", one.Series.Model)];

    private static string WordFor(RequestState outcome) => outcome switch
    {
        RequestState.Done => "done",
        RequestState.Failed => "failed",
        _ => "cancelled",
    };
}
