using LmGateway.Serving.Jobs;
using LmGateway.Serving.Models;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>
/// Models downloaded, deleted, copied from and to the repository on this node. Each is a job; a request waits for its end unless it says
/// <c>"async": true</c>. A caller that stops waiting does not end the job.
/// </summary>
internal sealed class ModelStore(ModelPulls pulls, ModelDeletion deletion, ModelSync sync, ModelPublishing publishing, JobList jobs, NatsTexts texts)
{
    public async Task<NatsAnswer> PullAsync(NatsCall call, CancellationToken cancellationToken)
    {
        var fields = NatsFields.Of(call.Body, "PullModel");
        var identifier = NatsFields.Model(fields, "identifier");
        var command = new PullCommand(identifier) { Backend = fields.Text("backend") };
        var isAsync = fields.Flag("async") ?? false;
        fields.ThrowOnFaults();
        call.Subject.Target = identifier;
        var job = pulls.Start(command, call.Context);
        if (isAsync) return Started(job);
        job = await jobs.EndAsync(job.Id, cancellationToken);
        return job.Error is { } error ? NatsAnswer.Failed(error, texts.PullFailed(identifier, error.Message), data => JobWriter.WritePull(data, job)) : NatsAnswer.Ok(data => JobWriter.WritePull(data, job));
    }

    public async Task<NatsAnswer> DeleteAsync(NatsCall call, CancellationToken cancellationToken)
    {
        var fields = NatsFields.Of(call.Body, "DeleteModel");
        var model = NatsFields.Model(fields, "model_id");
        var command = new DeleteCommand(model) { Force = fields.Flag("force") ?? false };
        var isAsync = fields.Flag("async") ?? false;
        fields.ThrowOnFaults();
        call.Subject.Target = model;
        try
        {
            var job = deletion.Start(command, call.Context);
            if (isAsync) return Started(job);
            job = (await jobs.EndAsync(job.Id, cancellationToken)).OrThrow();
            return NatsAnswer.Ok(data => JobWriter.WriteDeletion(data, job));
        }
        catch (GatewayException failure)
        {
            var isMissing = failure.Error.Code == ErrorCode.ModelNotFound;
            return NatsAnswer.Failed(failure.Error, isMissing ? texts.ModelNotFound(model) : null, data =>
            {
                data.WriteString("model_id", model);
                data.WriteString("dir", deletion.UsualFolder(model));
            });
        }
    }

    public async Task<NatsAnswer> SyncAsync(NatsCall call, CancellationToken cancellationToken)
    {
        var fields = NatsFields.Of(call.Body, "SyncModelFromBucket");
        var name = fields.Text("object_name");
        var command = new SyncCommand
        {
            ObjectName = name ?? "",
            Bucket = fields.Text("bucket"),
            Publisher = fields.Text("publisher"),
            ModelDir = fields.Text("model_dir"),
            Import = fields.Flag("import") ?? false,
        };
        var isAsync = fields.Flag("async") ?? false;
        fields.ThrowOnFaults();
        if (name is null) throw NatsFields.Required("object_name");
        call.Subject.Target = name;
        return await EndAsync(sync.Start(command, call.Context), isAsync, cancellationToken);
    }

    public async Task<NatsAnswer> PublishAsync(NatsCall call, CancellationToken cancellationToken)
    {
        var fields = NatsFields.Of(call.Body, "PublishModel");
        var command = new PublishCommand(NatsFields.Model(fields, "model")) { Bucket = fields.Text("bucket") };
        var isAsync = fields.Flag("async") ?? false;
        fields.ThrowOnFaults();
        call.Subject.Target = command.Model;
        return await EndAsync(publishing.Start(command, call.Context), isAsync, cancellationToken);
    }

    /// <summary>How a job is, or with <c>"cancel": true</c> its end.</summary>
    public Task<NatsAnswer> StatusAsync(NatsCall call, CancellationToken cancellationToken)
    {
        var fields = NatsFields.Of(call.Body, "JobStatus");
        var id = fields.Text("job_id", "id");
        var cancel = fields.Flag("cancel") ?? false;
        fields.ThrowOnFaults();
        if (id is null) return Task.FromResult(NatsAnswer.Ok(data => JobWriter.WriteAll(data, [.. jobs.SeenBy(call.Context.Grant)])));
        call.Context.Grant?.DemandModel(jobs.Get(id).Model);
        if (cancel) call.Subject.Target = id;
        var job = cancel ? jobs.Cancel(id) : jobs.Get(id);
        return Task.FromResult(NatsAnswer.Ok(data => JobWriter.Write(data, job, withOutput: true)));
    }

    private async Task<NatsAnswer> EndAsync(Job job, bool isAsync, CancellationToken cancellationToken)
    {
        if (isAsync) return Started(job);
        var ended = await jobs.EndAsync(job.Id, cancellationToken);
        return ended.Error is { } error ? NatsAnswer.Failed(error, data: Write) : NatsAnswer.Ok(Write);

        void Write(System.Text.Json.Utf8JsonWriter data) => JobWriter.WriteResult(data, ended);
    }

    private static NatsAnswer Started(Job job) => NatsAnswer.Ok(data =>
    {
        JobWriter.Write(data, job, withOutput: false);
        data.WriteString("progress_subject", JobWriter.Subject(job));
    });
}
