using LmGateway.Serving.Jobs;
using LmGateway.Serving.Models;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>pull_model</c>: the download itself is the service's, and goes on when its caller leaves.</summary>
internal sealed class PullModelTool(ModelPulls pulls, JobList jobs) : McpTool
{
    public override ToolCard Card { get; } = new(
        "pull_model",
        "Download a model",
        "Download a model, which may take many minutes and gigabytes of disk. The download goes on when this call ends early: call again with the same arguments to follow it.")
    {
        Input = Schema.Arguments("""
            "model": {"type":"string","description":"owner/name of LM Studio's catalog, a Hugging Face address, or for Ollama model:tag."},
            "quant": {"type":"string","description":"One quantisation, for instance Q4_K_M; the recommended one otherwise."},
            "backend": {"type":"string","description":"The backend to download for, where there are several."}
            """, "model"),
        Output = Schema.Result("""
            "model": {"type":"string"}, "backend": {"type":"string"}, "status": {"type":"string"}, "job_id": {"type":"string"}, "bytes": {"type":"number"}
            """, "status"),
        Scope = KeyScopes.Models,
        Idempotent = true,
        OpenWorld = true,
        IsLong = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var (model, quant) = (call.Arguments.RequiredName("model"), call.Arguments.Name("quant"));
        var identifier = quant is null || model.Contains('@', StringComparison.Ordinal) ? model : $"{model}@{quant}";
        call.Tell("Downloading model: 0%", 0);
        var job = pulls.Start(new PullCommand(identifier) { Backend = call.Arguments.Name("backend") }, call.Context.Call);
        try
        {
            await foreach (var state in jobs.WatchAsync(job.Id, cancellationToken))
            {
                if (!state.IsOver && state.Percent is { } percent && percent != job.Percent) call.Tell($"Downloading model: {Math.Floor(percent):0}%", percent);
                job = state;
            }
        }
        catch (OperationCanceledException) when (call.Run.IsGivenUp)
        {
            jobs.Cancel(job.Id);
            throw;
        }

        var done = (PullOutcome)job.OrThrow().Result!;
        return new ToolAnswer(done.WasThere ? $"{identifier} is there already." : $"{identifier} is downloaded.")
        {
            Structured = McpJson.Object(writer =>
            {
                writer.WriteString("model", identifier);
                writer.WriteString("backend", done.Backend);
                writer.WriteString("status", done.WasThere ? "already_downloaded" : "downloaded");
                writer.WriteNumber("bytes", job.Bytes);
            }),
        };
    }
}
