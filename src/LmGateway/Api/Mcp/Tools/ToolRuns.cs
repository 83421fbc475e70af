using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Observability.Metrics;
using LmGateway.Security;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;

namespace LmGateway.Api.Mcp.Tools;

/// <summary>Every call under way, and the last of those that went on without their clients.</summary>
internal sealed partial class ToolRuns(AuditFile audit, LiveSettings settings, RefusalFigures refusals, TimeProvider time, ILogger<ToolRuns> logger) : IAsyncDisposable
{
    private const int MostRunning = 256;
    private const int MostKept = 100;

    private readonly Lock changing = new();
    private readonly HashSet<ToolRun> running = [];
    private readonly List<ToolRun> jobs = [];

    /// <summary>Starts a call. Whoever starts it says what becomes of it: <see cref="Keep"/>, or <see cref="EndAsync"/>.</summary>
    public ToolRun Start(McpTool tool, ToolArguments arguments, ToolContext context)
    {
        var run = new ToolRun(tool, time);
        lock (changing)
        {
            if (running.Count >= MostRunning) throw new GatewayException(ErrorCode.QueueFull, $"{MostRunning} calls are under way.");
            running.Add(run);
        }

        run.Answer = Task.Run(async () => run.End(await RunAsync(run, new ToolCall(arguments, context, run))));
        return run;
    }

    /// <summary>From here on the call is a job that can be asked for by its id. The oldest jobs that have ended are forgotten.</summary>
    public ToolRun Keep(ToolRun run)
    {
        lock (changing)
        {
            jobs.Insert(0, run);
            foreach (var old in jobs.Skip(MostKept).Where(job => job.Answer.IsCompleted).ToList())
            {
                jobs.Remove(old);
                old.Dispose();
            }
        }

        return run;
    }

    /// <summary>Throws <see cref="ErrorCode.JobNotFound"/>.</summary>
    public ToolRun Get(string id)
    {
        lock (changing)
            return jobs.Find(job => job.Id == id) ?? throw new GatewayException(ErrorCode.JobNotFound, $"There is no job '{id}', or it ended too long ago.");
    }

    /// <summary>The client is gone or has its answer: the call ends, if it has not.</summary>
    public static async Task EndAsync(ToolRun run)
    {
        if (!run.Answer.IsCompleted) run.Leave();
        await run.Answer;
        run.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        ToolRun[] left;
        lock (changing) left = [.. running];
        foreach (var run in left) run.Leave();
        await Task.WhenAll(left.Select(run => run.Answer));
    }

    /// <summary>Tools that change models are written down.</summary>
    private async Task<ToolAnswer> RunAsync(ToolRun run, ToolCall call)
    {
        var failure = (ErrorCode?)null;
        var answer = await AnswerAsync(run, call, code => failure = code);
        if (run.Tool.Card.Scope != KeyScopes.Models) return answer;
        await audit.WriteAsync(new AuditEntry("mcp", run.Tool.Card.Name)
        {
            Caller = call.Context.Call.Caller,
            Address = call.Context.Call.Address?.ToString(),
            Target = Target(call.Arguments),
            Result = failure is { } code ? EventWords.Of(code) : answer.IsError ? "failed" : "ok",
            RequestId = call.Context.Call.RequestId,
        });
        return answer;
    }

    private async Task<ToolAnswer> AnswerAsync(ToolRun run, ToolCall call, Action<ErrorCode> failed)
    {
        var tool = run.Tool;
        using var use = settings.Enter();
        try
        {
            call.Context.Grant?.Demand(tool.Card.Scope, $"the tool '{tool.Card.Name}'");
            call.Arguments.CheckAgainst(tool.Card.Input);
            return await tool.CallAsync(call, run.Ending);
        }
        catch (OperationCanceledException) when (run.Ending.IsCancellationRequested)
        {
            failed(ErrorCode.Cancelled);
            return ToolAnswer.Failure("The call was cancelled.");
        }
        catch (GatewayException failure)
        {
            refusals.Note(failure.Error);
            failed(failure.Error.Code);
            return tool.Failed(failure.Error);
        }
        catch (Exception defect)
        {
            failed(ErrorCode.Internal);
            LogDefect(tool.Card.Name, defect);
            return tool.Failed(new GatewayError(ErrorCode.Internal, $"The tool {tool.Card.Name} failed by a defect of the gateway."));
        }
        finally
        {
            lock (changing) running.Remove(run);
        }
    }

    private static string? Target(ToolArguments arguments) => (arguments.Find("instance_id") ?? arguments.Find("model")) is { } value ? ToolArguments.TextOf(value) : null;

    [LoggerMessage(LogLevel.Error, "The MCP tool {Tool} failed")]
    private partial void LogDefect(string tool, Exception defect);
}
