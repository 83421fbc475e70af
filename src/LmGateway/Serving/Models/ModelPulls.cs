using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Serving.Jobs;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;

namespace LmGateway.Serving.Models;

/// <summary>A model to download.</summary>
/// <param name="Identifier">As the backend takes it; never one that a program could take for an option.</param>
internal sealed record PullCommand(string Identifier)
{
    /// <summary>The backend to download for; null for the first that can.</summary>
    public string? Backend { get; init; }
}

/// <summary>A download that succeeded.</summary>
internal sealed record PullOutcome(string Backend, bool WasThere) : JobResult;

/// <summary>Downloads models. Two pulls of one model share one download.</summary>
internal sealed partial class ModelPulls(JobList jobs, ModelCatalog catalog, ILogger<ModelPulls> logger)
{
    private const int LongestIdentifier = 1024;

    /// <summary>Starts the download. Throws at once for an identifier that cannot be one, and where no backend can download.</summary>
    public Job Start(PullCommand command, CallContext call)
    {
        var identifier = command.Identifier.Trim();
        Check(identifier);
        call.Grant?.DemandModel(identifier);
        var backend = Puller(command.Backend);
        return jobs.Start(new JobOrder(JobKind.Pull, identifier, $"pull {backend.Name} {identifier}"), (report, cancellationToken) => PullAsync(backend, identifier, report, cancellationToken));
    }

    /// <summary>Models that can be downloaded, of every backend that can tell.</summary>
    public async Task<IReadOnlyList<FoundModel>> SearchAsync(ModelQuery query, CancellationToken cancellationToken) =>
        await Puller(null).SearchAsync(query, cancellationToken);

    private async Task<JobResult> PullAsync(IBackend backend, string identifier, JobReport report, CancellationToken cancellationToken)
    {
        var order = new PullOrder(identifier);
        try
        {
            var result = await backend.PullAsync(order, new Feed(report), cancellationToken);
            await catalog.RefreshAfterChangeAsync(backend, cancellationToken);
            return new PullOutcome(backend.Name, result.WasThere);
        }
        catch (OperationCanceledException) when (report.IsGivenUp)
        {
            await EndAsync(backend, order);
            throw;
        }
    }

    /// <summary>The job is over either way; a download that cannot be stopped goes on in the backend.</summary>
    private async Task EndAsync(IBackend backend, PullOrder order)
    {
        try
        {
            await backend.EndPullAsync(order, CancellationToken.None);
        }
        catch (GatewayException failure)
        {
            LogGoesOn(backend.Name, order.Identifier, failure.Message);
        }
    }

    private IBackend Puller(string? name)
    {
        var candidates = catalog.Current.Backends.Where(view => name is null || view.Name == name).ToList();
        if (candidates.Count == 0) throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, $"There is no backend '{name}'.") { Parameter = "backend" });
        return (candidates.Find(view => view.Traits.CanPull)
            ?? throw new GatewayException(new GatewayError(ErrorCode.NotSupported, $"'{candidates[0].Name}' ({candidates[0].Traits.Kind}) cannot download models.") { Backend = candidates[0].Name })).Backend;
    }

    private static void Check(string identifier)
    {
        var fault = identifier switch
        {
            "" => "is required",
            { Length: > LongestIdentifier } => $"has more than {LongestIdentifier} characters",
            ['-', ..] => "begins with '-'",
            _ when identifier.Any(char.IsControl) => "holds control characters",
            _ => null,
        };
        if (fault is not null) throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, $"'identifier' {fault}") { Parameter = "identifier" });
    }

    private sealed class Feed(JobReport report) : IProgress<PullProgress>
    {
        public void Report(PullProgress value)
        {
            if (value.Line is { } line) report.Line(line);
            else report.Progress(value.Bytes, value.Total, value.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The download of {Model} may go on in {Backend}: {Reason}")]
    private partial void LogGoesOn(string backend, string model, string reason);
}
