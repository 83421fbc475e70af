using System.Buffers;
using LmGateway.Api.Http;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Observability;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Chat;

/// <summary>Runs one chat: reads the body, picks the model, and answers at once or line by line.</summary>
internal sealed class ChatEndpoint(GenerationPipeline pipeline, ChatModels models, ModelCatalog catalog, KeyQuotas quotas, BodyBudget budget, LiveSettings settings, ShutdownLimit shutdown)
{
    public async Task RunAsync(HttpContext context, ChatRoute route)
    {
        using var held = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        using var json = JsonBody.Of(held.Memory);
        if (json.Read(fields => ChatBody.Read(fields, route.Kind)) is not { } body)
        {
            await json.RefuseAsync(context);
            return;
        }

        try
        {
            var (model, request) = await models.ChooseAsync(route.Kind, body, context.Grant(), context.RequestAborted);
            var call = new GenerationCall(context.Call("chat"), model, request) { Whole = !route.Streamed, Patience = settings.Current.Chat.Timeout };
            var accounts = new Accounts(held.Memory);
            call = call with { Began = accounts.Begin };
            using var ending = shutdown.Follow(context.RequestAborted);
            await (route.Streamed ? StreamAsync(context, call, accounts, body.IncludeReasoning, ending.Token) : AnswerAsync(context, call, accounts, body.IncludeReasoning, ending.Token));
        }
        catch (GatewayException failure) when (IsNothingLoaded(failure.Error))
        {
            throw new GatewayException(failure.Error with { Message = "No model loaded" }, failure);
        }
        catch (OperationCanceledException) when (shutdown.IsOver && !context.RequestAborted.IsCancellationRequested)
        {
            throw new GatewayException(ShutdownLimit.Passed);
        }
    }

    private async Task AnswerAsync(HttpContext context, GenerationCall call, Accounts accounts, bool includeReasoning, CancellationToken cancellationToken)
    {
        var answer = new ChatAnswer(call.Model);
        await foreach (var happened in pipeline.RunAsync(call, cancellationToken)) answer.Take(happened, keepText: true);
        Describe(context, accounts);
        accounts.Trace?.Bodies?.TakeReply(JsonReply.ToBytes(writer => answer.Write(writer, includeReasoning)));
        await JsonReply.WriteAsync(context, 200, writer => answer.Write(writer, includeReasoning));
    }

    private async Task StreamAsync(HttpContext context, GenerationCall call, Accounts accounts, bool includeReasoning, CancellationToken cancellationToken)
    {
        using var lines = new LineWriter(context) { Beginning = () => Describe(context, accounts), Kept = () => accounts.Trace?.Bodies };
        var answer = new ChatAnswer(call.Model);
        try
        {
            await foreach (var happened in pipeline.RunAsync(call, cancellationToken))
            {
                answer.Take(happened, keepText: false);
                if (happened is ChatEvent.Text text) await WriteAsync(lines, "fragment", text.Content);
                else if (happened is ChatEvent.Reasoning thought && includeReasoning) await WriteAsync(lines, "reasoning", thought.Content);
            }

            await lines.WriteAsync(answer.WriteDone);
        }
        catch (Exception fault) when (lines.HasStarted && !context.RequestAborted.IsCancellationRequested && ErrorOf(fault) is { } error)
        {
            await lines.WriteAsync(writer =>
            {
                writer.WriteString("type", "error");
                writer.WriteString("error", ChatErrors.Text(error));
            });
        }
    }

    private GatewayError? ErrorOf(Exception fault) => fault switch
    {
        GatewayException known => known.Error,
        OperationCanceledException when shutdown.IsOver => ShutdownLimit.Passed,
        _ => null,
    };

    /// <summary>What every reply of inference says in its headers.</summary>
    private void Describe(HttpContext context, Accounts accounts)
    {
        if (quotas.StateOf(context.Grant()) is { } left) QuotaHeaders.Write(context.Response.Headers, left);
        if (settings.Current.Metrics.ServerTiming) context.Response.Headers["Server-Timing"] = accounts.Trace?.ServerTiming;
    }

    private static ValueTask WriteAsync(LineWriter lines, string type, string content) => lines.WriteAsync(writer =>
    {
        writer.WriteString("type", type);
        writer.WriteString("content", content);
    });

    /// <summary>Nothing is loaded, and nobody loads anything for a request: neither the gateway nor the backend.</summary>
    private bool IsNothingLoaded(GatewayError error) =>
        error.Code == ErrorCode.ModelNotFound && catalog.Current.Instances.Count == 0 && (error.Backend is not null || !settings.Current.Scheduling.OnDemand);

    /// <summary>Where the request is accounted for, once it has begun.</summary>
    private sealed class Accounts(ReadOnlyMemory<byte> body)
    {
        public RequestTrace? Trace { get; private set; }

        public void Begin(RequestTrace begun)
        {
            Trace = begun;
            begun.Bodies?.TakeRequest(new ReadOnlySequence<byte>(body));
        }
    }
}
