using LmGateway.Vocabulary;
using LmStudio.Client;
using LmStudio.Client.Cli;
using LmStudio.Client.Wire;

namespace LmGateway.Backends.LmStudio;

/// <summary>
/// Downloads by LM Studio: with its own program where that is on this machine, else over the WebSocket, else over REST. A download is LM
/// Studio's own job, so it goes on when whoever asked for it leaves; only <see cref="EndAsync"/> stops it.
/// </summary>
internal sealed class LmStudioDownloads(LmStudioHomestead home, LmStudioClient client, TimeProvider time)
{
    private static readonly TimeSpan RestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    public async Task<PullResult> PullAsync(string identifier, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        try
        {
            return home.HasCli() ? await ByProgramAsync(identifier, progress, cancellationToken) : await ByProtocolAsync(identifier, progress, cancellationToken);
        }
        catch (LmsException failure) when (failure.Failure == LmsFailure.NotInstalled)
        {
            return await ByProtocolAsync(identifier, progress, cancellationToken);
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure, home.Backend, ErrorCode.TransferFailed);
        }
    }

    /// <summary>
    /// The protocol ends a download through a client that follows it: a plan of the same model is made, joined where it meets a download
    /// that is under way, and cancelled.
    /// </summary>
    public async Task EndAsync(string identifier, CancellationToken cancellationToken)
    {
        using var stop = new CancellationTokenSource(EndLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stop.Token);
        try
        {
            await client.Repository.DownloadAsync(PullTarget.Parse(identifier).ForPlan, new Ending(stop), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // That is the end.
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure, home.Backend, ErrorCode.TransferFailed);
        }
    }

    public async Task<IReadOnlyList<FoundModel>> SearchAsync(ModelQuery query, CancellationToken cancellationToken)
    {
        try
        {
            var found = await client.Repository.SearchModelsAsync(new ModelSearch { SearchTerm = query.Term, Limit = query.Limit }, cancellationToken);
            return [.. found.Select(result => new FoundModel(home.Backend, result.Name, result.Identifier.Type == "hf" ? $"https://huggingface.co/{result.Identifier.Identifier}" : result.Identifier.Identifier)
            {
                Source = result.Identifier.Type,
                Exact = result.IsExact,
                Recommended = result.IsStaffPick,
            })];
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure, home.Backend, ErrorCode.BackendFault);
        }
    }

    /// <summary>A hard link, where the file system has them, else a copy: the file stays where it was put. Null where it is in LM Studio's folder already.</summary>
    public async Task<string?> ImportAsync(string file, string userRepo, CancellationToken cancellationToken)
    {
        try
        {
            try
            {
                return await home.Lms.ImportAsync(file, userRepo, LmsImportMode.HardLink, cancellationToken);
            }
            catch (LmsException refused) when (refused.Failure == LmsFailure.Failed && !IsThere(refused))
            {
                return await home.Lms.ImportAsync(file, userRepo, LmsImportMode.Copy, cancellationToken);
            }
        }
        catch (LmsException refused) when (IsThere(refused))
        {
            return null;
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure, home.Backend, ErrorCode.TransferFailed);
        }
    }

    private async Task<PullResult> ByProgramAsync(string identifier, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        var lines = new Reporter<string>(line => progress.Report(new PullProgress { Line = line }));
        var figures = new Reporter<LmsDownloadProgress>(step => progress.Report(new PullProgress { Bytes = step.DownloadedBytes, Total = step.TotalBytes }));
        return new PullResult(await home.Lms.GetAsync(identifier, figures, lines, cancellationToken) == LmsDownloadOutcome.AlreadyDownloaded);
    }

    private async Task<PullResult> ByProtocolAsync(string identifier, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        var target = PullTarget.Parse(identifier);
        var diary = new PullDiary(progress);
        try
        {
            var downloaded = await client.Repository.DownloadAsync(target.ForPlan, new Reporter<DownloadEvent>(diary.Note), cancellationToken);
            diary.End(downloaded);
            return new PullResult(WasThere: !downloaded);
        }
        catch (LmStudioEndpointMissingException)
        {
            return await ByOptionAsync(target, diary, cancellationToken);
        }
        catch (LmStudioConnectionException)
        {
            return await ByRestAsync(target, diary, cancellationToken);
        }
    }

    /// <summary>Older versions have no plans: the file is chosen here.</summary>
    private async Task<PullResult> ByOptionAsync(PullTarget target, PullDiary diary, CancellationToken cancellationToken)
    {
        var model = target.IsHuggingFace ? ModelSearchIdentifier.HuggingFace(target.Id) : ModelSearchIdentifier.Catalog(target.Id);
        var options = await client.Repository.GetModelDownloadOptionsAsync(model, cancellationToken);
        var chosen = target.Quantization is { } wanted
            ? options.FirstOrDefault(option => string.Equals(option.Quantization, wanted, StringComparison.OrdinalIgnoreCase))
            : options.FirstOrDefault(option => option.IsRecommended) ?? (options.Count > 0 ? options[0] : null);
        if (chosen is null) throw new GatewayException(new GatewayError(ErrorCode.TransferFailed, $"There is no file of '{target.Id}'{(target.Quantization is { } quantization ? $" with the quantisation {quantization}" : "")} to download.") { Backend = home.Backend });
        await client.Repository.DownloadModelAsync(chosen.DownloadIdentifier, new Reporter<DownloadEvent>(diary.Note), cancellationToken);
        diary.End(downloaded: true);
        return new PullResult(WasThere: false);
    }

    private async Task<PullResult> ByRestAsync(PullTarget target, PullDiary diary, CancellationToken cancellationToken)
    {
        var download = await client.Rest.DownloadModelAsync(target.ForRest, target.IsHuggingFace ? target.Quantization : null, cancellationToken);
        while (!download.IsOver && download.JobId is { } job)
        {
            diary.Note(new DownloadEvent.Progressed(download.DownloadedBytes ?? 0, download.TotalSizeBytes ?? 0, download.BytesPerSecond ?? 0));
            await Task.Delay(RestPause, time, cancellationToken);
            download = await client.Rest.GetDownloadStatusAsync(job, cancellationToken) with { JobId = job };
        }

        if (download.Status == "failed") throw new GatewayException(new GatewayError(ErrorCode.TransferFailed, $"LM Studio could not download '{target.Id}'.") { Backend = home.Backend });
        diary.End(downloaded: download.Status != "already_downloaded");
        return new PullResult(WasThere: download.Status == "already_downloaded");
    }

    /// <summary>The program has no code for it but 1.</summary>
    private static bool IsThere(LmsException refused) => refused.Message.Contains("already exists", StringComparison.OrdinalIgnoreCase);

    /// <summary>Leaves a plan that would start anything, and a download once it is joined.</summary>
    private sealed class Ending(CancellationTokenSource stop) : IProgress<DownloadEvent>
    {
        public void Report(DownloadEvent value)
        {
            if (value is DownloadEvent.Planned { IsReady: true, Plan.Action: not "attachToExistingDownload" } or DownloadEvent.Progressed or DownloadEvent.Finalizing) stop.Cancel();
        }
    }

    /// <summary>Reports at once, on the thread that tells.</summary>
    private sealed class Reporter<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
