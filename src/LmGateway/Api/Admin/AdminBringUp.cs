using System.Text.Json;
using System.Threading.Channels;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Serving.BringUp;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.Admin;

/// <summary><c>POST /admin/models/up</c>: a model made ready from nothing. A caller that leaves ends it, but not a download that is under way.</summary>
internal static class AdminBringUp
{
    /// <summary>Moments that wait for a caller who reads slowly; of more the oldest are dropped, because the latest tells how far it is.</summary>
    private const int Waiting = 64;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/admin/models/up", RunAsync).Describe(AdminNotes.Up);

    private static async Task RunAsync(HttpContext context, BodyBudget budget, BringUpOperation bringUp, LiveSettings settings)
    {
        var (order, streamed) = await ReadAsync(context, budget, settings.Current.BringUp);
        context.Concerns(order.Model);
        if (streamed)
        {
            await StreamAsync(context, bringUp, order);
            return;
        }

        var report = await bringUp.RunAsync(order, static _ => { }, context.Call("admin"), context.RequestAborted);
        if (!report.Success) throw Failure(report);
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            WriteReady(writer, order, report);
            writer.WriteEndObject();
        });
    }

    private static async Task<(BringUpOrder Order, bool Streamed)> ReadAsync(HttpContext context, BodyBudget budget, BringUpOptions options)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var fields = JsonFields.Of(body.Memory);
        var usual = BringUpOrder.Of(options);
        var kind = fields.Text("backend") is { } named ? BringUpOptions.BackendNamed(named) : usual.Kind;
        if (kind is null) fields.Fault("backend", $"one of {string.Join(", ", BringUpOptions.Backends)} is expected");
        var order = new BringUpOrder(kind ?? usual.Kind, fields.Text("modelKey", "model") ?? usual.Model) { Source = fields.Text("source", "modelSource") ?? usual.Source };
        if (order.Source is not (null or "ollama" or "huggingface")) fields.Fault("source", "ollama or huggingface is expected");
        var streamed = fields.Flag("stream") ?? false;
        fields.ThrowOnFaults();
        return (order, streamed);
    }

    /// <summary>Each moment as a line; a failure before the first one still gets its status.</summary>
    private static async Task StreamAsync(HttpContext context, BringUpOperation bringUp, BringUpOrder order)
    {
        var moments = Channel.CreateBounded<BringUpMoment>(new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var (running, lines) = (RunAsync(), new LineWriter(context));
        using var writing = lines;
        await Task.WhenAll(WriteAsync(), running);
        var report = await running;
        if (report.Success) await lines.WriteAsync(writer => WriteEnd(writer, order, report));
        else if (!lines.HasStarted) throw Failure(report);
        else
        {
            context.Failed(report.Error!);
            await lines.WriteAsync(writer => WriteError(writer, report));
        }

        async Task<BringUpReport> RunAsync()
        {
            try
            {
                return await bringUp.RunAsync(order, moment => moments.Writer.TryWrite(moment), context.Call("admin"), context.RequestAborted);
            }
            finally
            {
                moments.Writer.Complete();
            }
        }

        async Task WriteAsync()
        {
            await foreach (var moment in moments.Reader.ReadAllAsync(context.RequestAborted)) await lines.WriteAsync(writer => WriteMoment(writer, moment));
        }
    }

    private static void WriteMoment(Utf8JsonWriter writer, BringUpMoment moment)
    {
        writer.WriteString("type", "progress");
        writer.WriteString("message", moment.Message);
        if (moment.Percent is { } percent) writer.WriteNumber("percent", percent);
    }

    private static void WriteEnd(Utf8JsonWriter writer, BringUpOrder order, BringUpReport report)
    {
        writer.WriteString("type", "done");
        WriteReady(writer, order, report);
    }

    private static void WriteReady(Utf8JsonWriter writer, BringUpOrder order, BringUpReport report)
    {
        writer.WriteString("status", "ready");
        writer.WriteString("modelKey", order.Model);
        writer.WriteString("identifier", report.Identifier);
        writer.WriteList("steps", report.Steps);
        writer.WriteString("message", report.Message);
    }

    private static void WriteError(Utf8JsonWriter writer, BringUpReport report)
    {
        writer.WriteString("type", "error");
        writer.WriteString("error", report.Message);
        writer.WriteList("steps", report.Steps);
    }

    private static GatewayException Failure(BringUpReport report) => new(report.Error! with { Details = report.Steps });
}
