using LmGateway.Api.Mcp.Tools;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace LmGateway.Api.Mcp;

/// <summary>
/// Runs a tool for a client that waits: tells it what is being done from the first moment where it asked for progress, and gives it a job
/// to ask for later where it did not and the answer takes too long. A client that leaves or cancels ends the call.
/// </summary>
internal sealed class ToolCaller(ToolList tools, ToolRuns runs, LiveSettings settings, TimeProvider time)
{
    /// <summary>The longest silence towards a client that asked for progress.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    public async ValueTask<CallToolResult> CallAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var tool = tools.Find(request.Params.Name) ?? throw new McpProtocolException($"Unknown tool: '{request.Params.Name}'", McpErrorCode.InvalidParams);
        var (arguments, refusal) = await DeletionConsent.AskAsync(tool, request, cancellationToken);
        if (refusal is not null) return ToResult(refusal);
        ToolRun run;
        try
        {
            run = runs.Start(tool, ToolArguments.Of(arguments), CallOrigin.Of(request, settings.Current));
        }
        catch (GatewayException refused)
        {
            return ToResult(tool.Failed(refused.Error));
        }

        var kept = false;
        try
        {
            var answer = request.Params.ProgressToken is { } token
                ? await FollowAsync(run, new ProgressLine(request.Server, token), cancellationToken)
                : await WaitAsync(run, cancellationToken);
            kept = answer is null;
            if (kept) runs.Keep(run);
            return ToResult(answer ?? tool.StillRunning(run));
        }
        finally
        {
            if (!kept) await ToolRuns.EndAsync(run);
        }
    }

    private async Task<ToolAnswer?> FollowAsync(ToolRun run, ProgressLine line, CancellationToken cancellationToken)
    {
        while (!run.Answer.IsCompleted)
        {
            while (run.Moments.TryRead(out var moment)) await line.SendAsync(moment, cancellationToken);
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var silence = Task.Delay(Heartbeat, time, pause.Token);
            var happened = await Task.WhenAny(run.Answer, run.Moments.WaitToReadAsync(pause.Token).AsTask(), silence);
            await pause.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (happened == silence) await line.SendAsync(run.Last, cancellationToken);
        }

        while (run.Moments.TryRead(out var moment)) await line.SendAsync(moment, cancellationToken);
        return await run.Answer;
    }

    /// <summary>The answer; null where the client, which hears nothing, would give up before it.</summary>
    private async Task<ToolAnswer?> WaitAsync(ToolRun run, CancellationToken cancellationToken)
    {
        var patience = run.Tool.Card.IsLong && settings.Current.Mcp.AnswerWithinSeconds > 0 ? TimeSpan.FromSeconds(settings.Current.Mcp.AnswerWithinSeconds) : Timeout.InfiniteTimeSpan;
        try
        {
            return await run.Answer.WaitAsync(patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static CallToolResult ToResult(ToolAnswer answer) => new()
    {
        Content = [new TextContentBlock { Text = answer.Text }],
        StructuredContent = answer.Structured,
        IsError = answer.IsError,
    };

    /// <summary>Progress towards one client: always rising, whatever the steps themselves count.</summary>
    private sealed class ProgressLine(McpServer server, ProgressToken token)
    {
        private const double Step = 0.01;

        private double reached = -Step;

        public Task SendAsync(ToolMoment moment, CancellationToken cancellationToken)
        {
            reached = moment.Percent is { } percent && percent > reached ? percent : reached + Step;
            return server.NotifyProgressAsync(token, new ProgressNotificationValue
            {
                Progress = (float)reached,
                Total = moment.Percent is null || reached > 100 ? null : 100,
                Message = moment.Message,
            }, cancellationToken: cancellationToken);
        }
    }
}
