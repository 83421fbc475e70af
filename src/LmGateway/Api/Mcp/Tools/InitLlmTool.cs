using System.Text.Json;
using LmGateway.Events;
using LmGateway.Serving.BringUp;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>init_llm</c>: the configured model made ready from nothing.</summary>
internal sealed class InitLlmTool(BringUpOperation bringUp) : McpTool
{
    /// <summary>A download is told at every twentieth of it.</summary>
    private const int PercentStep = 5;

    public override ToolCard Card { get; } = new(
        "init_llm",
        "Make the local model ready",
        "Start the configured backend (Ollama or LM Studio), download the configured model if it is missing, and load it. Takes from a second to many minutes (a download). "
        + "Safe to call again: it does only what is missing and goes on with a download that is under way. Call it once before get_instructions.")
    {
        Input = Schema.Arguments(),
        Output = Schema.Result(
            """
            "success": {"type":"boolean"}, "message": {"type":"string"}, "steps_performed": {"type":"array","items":{"type":"string"}}, "job_id": {"type":"string"}
            """,
            "success", "message", "steps_performed"),
        Scope = KeyScopes.Models,
        Idempotent = true,
        OpenWorld = true,
        IsLong = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var told = -1;
        var report = await bringUp.RunAsync(call.Context.Settings.Order, Tell, call.Context.Call, cancellationToken);
        return Answer(report);

        void Tell(BringUpMoment moment)
        {
            if (moment.Percent is { } percent)
            {
                var step = (int)percent / PercentStep;
                if (step == told) return;
                told = step;
                call.Tell($"Downloading model: {step * PercentStep}%", step * PercentStep);
                return;
            }

            call.Tell(moment.Message);
        }
    }

    public override ToolAnswer StillRunning(ToolRun run) =>
        Answer(new BringUpReport(false, $"Not ready yet: {run.Last.Message}. It goes on; call init_llm again to wait for it."), run.Id, isError: false);

    public override ToolAnswer Failed(GatewayError error) => Answer(new BringUpReport(false, ToolErrors.Text(error)));

    private static ToolAnswer Answer(BringUpReport report, string? job = null, bool? isError = null) =>
        ToolAnswer.Json(Structure(report, job), isError ?? !report.Success);

    private static JsonElement Structure(BringUpReport report, string? job) => McpJson.Object(writer =>
    {
        writer.WriteBoolean("success", report.Success);
        writer.WriteString("message", report.Message);
        writer.WriteList("steps_performed", report.Steps);
        writer.WriteGiven("job_id", job);
    });
}
