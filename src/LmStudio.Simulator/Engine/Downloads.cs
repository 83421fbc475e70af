using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace LmStudio.Simulator.Engine;

/// <summary>How a download stands.</summary>
public enum DownloadStatus
{
    Downloading,
    Completed,
    Failed,
    Cancelled,
}

/// <summary>A download, a job of the app: it goes on when whoever started it leaves. Its figures change while it runs.</summary>
public sealed class DownloadJob : IDisposable
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancel = new();
    private long _downloadedBytes;

    internal DownloadJob(string id, DownloadableModel model, DownloadOption option, DateTimeOffset startedAt) =>
        (Id, Model, Option, StartedAt) = (id, model, option, startedAt);

    public string Id { get; }

    public DownloadableModel Model { get; }

    public DownloadOption Option { get; }

    public DateTimeOffset StartedAt { get; }

    public DateTimeOffset? CompletedAt { get; private set; }

    public DownloadStatus Status { get; private set; }

    public long TotalBytes => Option.SizeBytes;

    public long DownloadedBytes => Interlocked.Read(ref _downloadedBytes);

    public double BytesPerSecond { get; internal set; }

    /// <summary>Completes when the download has ended, however it ended.</summary>
    public Task Ended => _ended.Task;

    internal CancellationToken Cancelled => _cancel.Token;

    /// <summary>Stops it; nothing of it stays on disk.</summary>
    public void Cancel() => _cancel.Cancel();

    public void Dispose() => _cancel.Dispose();

    internal void Advance(long bytes) => Interlocked.Exchange(ref _downloadedBytes, bytes);

    internal void End(DownloadStatus status, DateTimeOffset at)
    {
        CompletedAt = status == DownloadStatus.Completed ? at : null;
        Status = status;
        _ended.TrySetResult();
    }
}

/// <summary>What can be downloaded, and the downloads under way.</summary>
public sealed class Downloads(SimulatedLmStudio studio) : IAsyncDisposable
{
    private const int Steps = 10;

    private readonly Lock _starting = new();
    private readonly ConcurrentDictionary<string, DownloadJob> _jobs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);

    /// <summary>Everything that can be downloaded whose name holds the term; models of the hub first.</summary>
    public static IReadOnlyList<DownloadableModel> Search(string? term, int limit) =>
        [.. ModelStock.World
            .Where(model => string.IsNullOrEmpty(term) || model.Id.Contains(term, StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(model => model.IsCatalog)
            .Take(limit)];

    /// <summary>
    /// The model of an id (<c>owner/name</c>) or a Hugging Face address, with the quantisation behind an <c>@</c> if there is one.
    /// An id alone means the hub first.
    /// </summary>
    /// <exception cref="EngineException">Nothing goes by this name.</exception>
    public static (DownloadableModel Model, DownloadOption Option) Find(string name, string? quant = null)
    {
        const string Host = "https://huggingface.co/";
        var fromHuggingFace = name.StartsWith(Host, StringComparison.OrdinalIgnoreCase);
        var id = fromHuggingFace ? name[Host.Length..].TrimEnd('/') : name;
        if (id.IndexOf('@') is var at and >= 0) (id, quant) = (id[..at], quant ?? id[(at + 1)..]);
        var model = ModelStock.World
            .Where(model => model.Id.Equals(id, StringComparison.OrdinalIgnoreCase) && !(fromHuggingFace && model.IsCatalog))
            .OrderByDescending(model => model.IsCatalog)
            .FirstOrDefault();
        if (model is null) throw NotFound(name, $"Cannot find a model to download by the name \"{name}\".");
        return (model, model.Option(quant) ?? throw NotFound(name, $"Cannot find variant {quant}."));
    }

    public IReadOnlyCollection<DownloadJob> Jobs => [.. _jobs.Values];

    public DownloadJob? Job(string id) => _jobs.GetValueOrDefault(id);

    /// <summary>Whether the file is there already.</summary>
    public bool IsDownloaded(DownloadableModel model, DownloadOption option) => studio.Models.Has(model, option);

    /// <summary>The download of this file that is under way, or null.</summary>
    public DownloadJob? Running(DownloadableModel model, DownloadOption option) =>
        _jobs.Values.FirstOrDefault(job => job.Status == DownloadStatus.Downloading && job.Model.FileOf(job.Option) == model.FileOf(option));

    /// <summary>Starts a download, or joins the one under way. Null when the file is there already.</summary>
    public DownloadJob? Start(DownloadableModel model, DownloadOption option)
    {
        lock (_starting)
        {
            if (IsDownloaded(model, option)) return null;
            if (Running(model, option) is { } running) return running;
            var job = new DownloadJob($"job_{Guid.NewGuid().ToString("N")[..10]}", model, option, studio.Now);
            _jobs[job.Id] = job;
            _running[job.Id] = Task.Run(() => RunAsync(job));
            return job;
        }
    }

    /// <summary>Yields the job at every step until it has ended; leaving does not end the download.</summary>
    public async IAsyncEnumerable<DownloadJob> WatchAsync(DownloadJob job, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var step = studio.Settings.DownloadTime > TimeSpan.Zero ? studio.Settings.DownloadTime / Steps : TimeSpan.FromMilliseconds(1);
        while (!job.Ended.IsCompleted)
        {
            yield return job;
            await Task.WhenAny(job.Ended, Task.Delay(step, studio.Settings.TimeProvider, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }

        yield return job;
    }

    /// <summary>The key by which a downloaded model is loaded.</summary>
    public string KeyOf(DownloadableModel model, DownloadOption option) =>
        studio.Models.List().FirstOrDefault(known => known.Files.Contains(model.FileOf(option), StringComparer.Ordinal))?.Key ?? model.Id;

    public async ValueTask DisposeAsync()
    {
        foreach (var job in _jobs.Values) job.Cancel();
        await Task.WhenAll(_running.Values);
        foreach (var job in _jobs.Values) job.Dispose();
    }

    private static EngineException NotFound(string name, string message) =>
        new(new EngineError(EngineErrorKind.DownloadNotFound, message) { Subject = name });

    private async Task RunAsync(DownloadJob job)
    {
        var settings = studio.Settings;
        try
        {
            job.BytesPerSecond = job.TotalBytes / Math.Max(settings.DownloadTime.TotalSeconds, 0.001);
            for (var step = 1; step <= Steps; step++)
            {
                if (settings.DownloadTime > TimeSpan.Zero) await Task.Delay(settings.DownloadTime / Steps, settings.TimeProvider, job.Cancelled);
                job.Cancelled.ThrowIfCancellationRequested();
                job.Advance(job.TotalBytes * step / Steps);
                if (step == Steps / 2 && studio.Faults.Take(job.Model.Id, FaultKind.DownloadFailed) is not null)
                {
                    job.End(DownloadStatus.Failed, studio.Now);
                    return;
                }
            }

            studio.Models.Add(job.Model, job.Option);
            job.End(DownloadStatus.Completed, studio.Now);
        }
        catch (OperationCanceledException)
        {
            job.End(DownloadStatus.Cancelled, studio.Now);
        }
        catch (IOException)
        {
            job.End(DownloadStatus.Failed, studio.Now);
        }
    }
}
