using System.Security.Cryptography;
using LmGateway.Nats;
using LmGateway.Serving.Jobs;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Models;

/// <summary>How a copy went.</summary>
internal sealed record CopiedObject(string Path, long Bytes, long Resumed, bool WasThere);

/// <summary>
/// Copies one object into one file, over lost connections and restarts of either side. What has arrived is not fetched again; nothing bears
/// the file's name before its size and digest are right.
/// </summary>
internal sealed class ObjectCopy(ModelBucket bucket, TimeProvider time)
{
    private const int DiskFullUnix = 28;
    private const int DiskFullWindows = 0x70;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public async Task<CopiedObject> CopyAsync(BucketObject source, string target, CopyProgress progress, CancellationToken cancellationToken)
    {
        if (await IsThereAsync(source, target, cancellationToken)) return new CopiedObject(target, source.Size, 0, WasThere: true);
        try
        {
            await using var partial = await PartialFile.OpenAsync(target, source.Nuid, cancellationToken);
            return await CopyAsync(source, partial, target, progress, cancellationToken);
        }
        catch (IOException fault) when ((fault.HResult & 0xFFFF) is DiskFullUnix or DiskFullWindows)
        {
            throw new GatewayException(new GatewayError(ErrorCode.DiskFull, $"The disk is full: {fault.Message}"), fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new GatewayException(new GatewayError(ErrorCode.TransferFailed, $"{target} cannot be written: {fault.Message}"), fault);
        }
    }

    private async Task<CopiedObject> CopyAsync(BucketObject source, PartialFile partial, string target, CopyProgress progress, CancellationToken cancellationToken)
    {
        var resumed = partial.Length;
        CheckSpace(target, source.Size - partial.Length);
        try
        {
            await FillAsync(source, partial, progress, cancellationToken);
            if (!IsRight(source, partial) && resumed > 0)
            {
                // What an earlier attempt left was not what it had noted, as after a power cut.
                resumed = 0;
                await partial.RestartAsync(cancellationToken);
                await FillAsync(source, partial, progress, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (progress.IsGivenUp)
        {
            partial.Discard();
            throw;
        }

        if (!IsRight(source, partial))
        {
            partial.Discard();
            throw new GatewayException(ErrorCode.TransferFailed, $"'{source.Name}' arrived damaged: its digest is not the one that the bucket '{source.Bucket}' tells. Nothing was kept.");
        }

        partial.Complete();
        return new CopiedObject(target, source.Size, resumed, WasThere: false);
    }

    private async Task FillAsync(BucketObject source, PartialFile partial, CopyProgress progress, CancellationToken cancellationToken)
    {
        while (partial.Length < source.Size)
        {
            var before = partial.Length;
            try
            {
                progress.At(partial.Length);
                await foreach (var piece in bucket.ReadAsync(source, partial.Sequence, cancellationToken))
                {
                    await partial.AppendAsync(piece.Data, piece.Sequence, cancellationToken);
                    progress.At(partial.Length);
                    if (partial.Length >= source.Size) break;
                }

                if (partial.Length == before) throw new GatewayException(ErrorCode.TransferFailed, $"'{source.Name}' ended after {partial.Length} of {source.Size} bytes: it was replaced, deleted, or stored incompletely.");
            }
            catch (GatewayException failure) when (failure.Error.Code == ErrorCode.RepositoryUnavailable)
            {
                progress.Wait(failure.Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    private static bool IsRight(BucketObject source, PartialFile partial) => partial.Length == source.Size && partial.Digest() == source.Digest;

    private static async Task<bool> IsThereAsync(BucketObject source, string target, CancellationToken cancellationToken)
    {
        if (new FileInfo(target) is not { Exists: true } file || file.Length != source.Size) return false;
        return await DigestAsync(target, cancellationToken) == source.Digest;
    }

    /// <summary>A file's digest in the form of NATS's object store.</summary>
    public static async Task<string> DigestAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        return $"SHA-256={Convert.ToBase64String(await SHA256.HashDataAsync(stream, cancellationToken)).Replace('+', '-').Replace('/', '_')}";
    }

    private static void CheckSpace(string target, long needed)
    {
        var free = new DriveInfo(Path.GetDirectoryName(target)!).AvailableFreeSpace;
        if (free < needed) throw new GatewayException(ErrorCode.DiskFull, $"{needed} bytes are needed and {free} are free where {target} is to lie.");
    }
}

/// <summary>Tells a job how far several copies, one after the other, are.</summary>
internal sealed class CopyProgress(JobReport report, long total)
{
    private const long Step = 1024 * 1024;

    private long before;
    private long told = -1;

    public bool IsGivenUp => report.IsGivenUp;

    /// <summary>Of the file at hand.</summary>
    public void At(long bytes)
    {
        var all = before + bytes;
        if (all - told < Step && all < total && told >= 0) return;
        told = all;
        report.Progress(all, total, "Copying");
    }

    public void Wait(string why) => report.Progress(Math.Max(told, 0), total, why);

    /// <summary>The file at hand is done.</summary>
    public void Next(long bytes)
    {
        before += bytes;
        told = -1;
        At(0);
    }
}
