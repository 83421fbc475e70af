using LeanNats.Services;
using LmGateway.Api.Http;
using LmGateway.Observability.Metrics;
using LmGateway.Security;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;

namespace LmGateway.Api.Nats;

/// <summary>The life of a request with one reply: whatever happens to it, its caller hears of it once.</summary>
internal sealed partial class NatsRequests(NatsCallers callers, AuditFile audit, RequestGate gate, NatsReplies replies, RefusalFigures refusals, ShutdownLimit shutdown, TimeProvider time, ILogger<NatsRequests> logger)
{
    /// <summary>A request that names no reply subject is not carried out: nobody would hear what came of it.</summary>
    public async ValueTask HandleAsync(NatsOperation operation, NatsSvcMsg request, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.ReplyTo))
        {
            LogNobodyAsks(request.Subject);
            return;
        }

        var call = callers.Read(request, operation.Scope, operation.Name);
        var answer = await AnswerAsync(operation, call, cancellationToken);
        call.Context.Reply?.Status = answer.Error is { } error ? ErrorStatus.Of(error.Code) : 200;
        if (operation.Scope == KeyScopes.Models && (call.Subject.Target is not null || !operation.IsMostlyRead)) await audit.WriteAsync(Entry(operation, call, answer));
        await replies.SendAsync(request, call, answer, cancellationToken);
    }

    private async Task<NatsAnswer> AnswerAsync(NatsOperation operation, NatsCall call, CancellationToken cancellationToken)
    {
        var patience = call.Patience ?? operation.Limit?.Invoke();
        using var limit = new CancellationTokenSource(patience ?? Timeout.InfiniteTimeSpan, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, shutdown.Token, cancellationToken);
        try
        {
            if (call.Fault is { } fault) return NatsAnswer.Failed(fault);
            using var place = gate.Enter(operation.IsInference, call.Body.Length);
            return await operation.RunAsync(call, ending.Token);
        }
        catch (GatewayException failure)
        {
            refusals.Note(failure.Error);
            return NatsAnswer.Failed(failure.Error);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return NatsAnswer.Failed(OutOfTime(patience!.Value));
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return NatsAnswer.Failed(ShutdownLimit.Passed);
        }
        catch (Exception defect)
        {
            LogDefect(operation.Name, call.Context.RequestId, defect);
            return NatsAnswer.Failed(new GatewayError(ErrorCode.Internal, "The gateway failed. Its log says why, under this request's id."));
        }
    }

    private static AuditEntry Entry(NatsOperation operation, NatsCall call, NatsAnswer answer) => new("nats", $"lmstudio.{operation.Name}")
    {
        Caller = call.Context.Caller,
        Target = call.Subject.Target,
        Result = answer.Error is { } error ? NatsErrors.Code(error.Code) : "ok",
        RequestId = call.Context.RequestId,
    };

    public static GatewayError OutOfTime(TimeSpan patience) =>
        new(ErrorCode.BackendTimeout, $"There was no answer within {patience.TotalSeconds:0.###} s. The header {NatsCall.DeadlineHeader} gives a request another time limit.");

    [LoggerMessage(LogLevel.Debug, "A message on {Subject} without a reply subject was ignored")]
    private partial void LogNobodyAsks(string subject);

    [LoggerMessage(LogLevel.Error, "lmstudio.{Operation} failed [{RequestId}]")]
    private partial void LogDefect(string operation, string requestId, Exception defect);
}
