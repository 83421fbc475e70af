using System.Globalization;
using LmGateway.Api.Http;
using LmGateway.Serving.Jobs;
using LmGateway.Serving.Models;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.Admin;

/// <summary>The files of models: searched for, downloaded, deleted, copied from and to the model repository, and the jobs that do it.</summary>
internal static class TransferEndpoints
{
    private const int MostResults = 25;
    private const int UsualResults = 10;

    public static void MapAdminTransfers(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/admin/models/search", ["GET", "HEAD"], SearchAsync).Describe(AdminNotes.Search);
        routes.MapPost("/admin/models/download", DownloadAsync).Describe(AdminNotes.Download);
        routes.MapPost("/admin/models/sync", SyncAsync).Describe(AdminNotes.Sync);
        routes.MapPost("/admin/models/publish", PublishAsync).Describe(AdminNotes.Publish);
        // For every method, so that routing does not offer DELETE on the paths of the actions.
        routes.Map("/admin/models/{**key}", DeleteAsync).Describe(AdminNotes.Delete);
        routes.MapMethods("/admin/jobs", ["GET", "HEAD"], ListAsync).Describe(AdminNotes.Jobs);
        routes.MapMethods("/admin/jobs/{id}", ["GET", "HEAD"], ShowAsync).Describe(AdminNotes.Job);
        routes.MapDelete("/admin/jobs/{id}", CancelAsync).Describe(AdminNotes.Cancel);
    }

    private static async Task SearchAsync(HttpContext context, ModelPulls pulls)
    {
        var query = context.Request.Query;
        var term = query["q"].ToString() is { Length: > 0 } text ? text : null;
        var limit = UsualResults;
        if (query["limit"].ToString() is { Length: > 0 } given && !(int.TryParse(given, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MostResults))
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, "Validation failed") { Details = [$"limit: a whole number from 1 to {MostResults} is expected"] });
        var found = await pulls.SearchAsync(new ModelQuery(term, limit), context.RequestAborted);
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("models");
            foreach (var model in found)
            {
                writer.WriteStartObject();
                writer.WriteString("name", model.Name);
                writer.WriteString("identifier", model.Identifier);
                if (model.Source is { } source) writer.WriteString("source", source);
                writer.WriteBoolean("exact", model.Exact);
                writer.WriteBoolean("recommended", model.Recommended);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static async Task DownloadAsync(HttpContext context, BodyBudget budget, ModelPulls pulls, JobList jobs)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var request = TransferRequests.Pull(body.Memory);
        context.Concerns(request.Command.Identifier);
        await AnswerAsync(context, jobs, pulls.Start(request.Command, context.Call("admin")), request.Wait);
    }

    private static async Task SyncAsync(HttpContext context, BodyBudget budget, ModelSync sync, JobList jobs)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var request = TransferRequests.Sync(body.Memory);
        context.Concerns(request.Command.ObjectName);
        await AnswerAsync(context, jobs, sync.Start(request.Command, context.Call("admin")), request.Wait);
    }

    private static async Task PublishAsync(HttpContext context, BodyBudget budget, ModelPublishing publishing, JobList jobs)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var request = TransferRequests.Publish(body.Memory);
        context.Concerns(request.Command.Model);
        await AnswerAsync(context, jobs, publishing.Start(request.Command, context.Call("admin")), request.Wait);
    }

    /// <summary>Keys have slashes, sent as they are or escaped.</summary>
    private static async Task DeleteAsync(string? key, HttpContext context, ModelDeletion deletion, JobList jobs)
    {
        var allowed = key switch
        {
            null or "" or "search" or "catalog" => "GET, HEAD",
            "load" or "unload" or "activate" or "estimate" or "download" or "sync" or "publish" or "up" => "POST",
            _ => "DELETE",
        };
        if (allowed != "DELETE" || !HttpMethods.IsDelete(context.Request.Method)) throw Methods.NotAllowed(context, allowed);
        var force = context.Request.Query["force"].ToString() is "true" or "1";
        var command = new DeleteCommand(Uri.UnescapeDataString(key!)) { Force = force };
        context.Concerns(command.Model);
        var job = deletion.Start(command, context.Call("admin"));
        var outcome = (DeletionOutcome)(await jobs.EndAsync(job.Id, context.RequestAborted)).OrThrow().Result!;
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", "deleted");
            JobJson.WriteDeletion(writer, outcome);
            writer.WriteEndObject();
        });
    }

    private static Task ListAsync(HttpContext context, JobList jobs) => JsonReply.WriteAsync(context, 200, writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("jobs");
        foreach (var job in jobs.SeenBy(context.Grant())) JobJson.Write(writer, job);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static Task ShowAsync(string id, HttpContext context, JobList jobs)
    {
        var job = jobs.Get(id);
        context.Grant()?.DemandModel(job.Model);
        return WriteAsync(context, 200, job);
    }

    /// <summary>Answers when the job has ended; what it brought before the end came is told.</summary>
    private static async Task CancelAsync(string id, HttpContext context, JobList jobs)
    {
        context.Concerns(id);
        context.Grant()?.DemandModel(jobs.Get(id).Model);
        jobs.Cancel(id);
        await WriteAsync(context, 200, await jobs.EndAsync(id, context.RequestAborted));
    }

    private static async Task AnswerAsync(HttpContext context, JobList jobs, Job job, bool wait)
    {
        context.Response.Headers.Location = $"/admin/jobs/{job.Id}";
        if (wait) await WriteAsync(context, 200, (await jobs.EndAsync(job.Id, context.RequestAborted)).OrThrow());
        else await WriteAsync(context, 202, job);
    }

    private static Task WriteAsync(HttpContext context, int status, Job job) => JsonReply.WriteAsync(context, status, writer => JobJson.Write(writer, job));
}
