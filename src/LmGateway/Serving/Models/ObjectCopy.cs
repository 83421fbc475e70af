using System.Security.Cryptography;
using LmGateway.Nats;
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
        try
        {
            if (await IsThereAsync(source, target, cancellationToken)) return new CopiedObject(target, source.Size, 0, WasThere: true);
            using var partial = PartialFile.Open(target, $"{source.Bucket} {source.Nuid} {source.Digest}");
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

    /// <summary>A file's digest in the form of NATS's object store.</summary>
    public static async Task<string> DigestAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        return BucketObject.DigestOf(await SHA256.HashDataAsync(stream, cancellationToken));
    }

    private async Task<CopiedObject> CopyAsync(BucketObject source, PartialFile partial, string target, CopyProgress progress, CancellationToken cancellationToken)
    {
        var resumed = partial.Content.Length;
        CheckSpace(target, source.Size - resumed);
        try
        {
            var isRight = await FillAsync(source, partial, progress, cancellationToken);
            if (!isRight && resumed > 0)
            {
                // What an earlier attempt left was not what it had written, as after a power cut.
                resumed = 0;
                partial.Content.SetLength(0);
                isRight = await FillAsync(source, partial, progress, cancellationToken);
            }

            if (!isRight) throw new GatewayException(ErrorCode.TransferFailed, $"'{source.Name}' arrived damaged: it is not what the bucket '{source.Bucket}' says of it. Nothing was kept.");
        }
        catch (Exception end) when ((end is OperationCanceledException && progress.IsGivenUp) || end is GatewayException)
        {
            partial.Discard();
            throw;
        }

        partial.Complete();
        return new CopiedObject(target, source.Size, resumed, WasThere: false);
    }

    /// <summary>Fetches what is missing, for as long as it takes; the job ends what makes no progress. False where the whole is not what was put.</summary>
    private async Task<bool> FillAsync(BucketObject source, PartialFile partial, CopyProgress progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await using var content = new MeasuredStream(partial.Content, progress.At);
                return await bucket.ReadAsync(source, content, cancellationToken);
            }
            catch (GatewayException failure) when (failure.Error.Code == ErrorCode.RepositoryUnavailable)
            {
                progress.Wait(failure.Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    private static async Task<bool> IsThereAsync(BucketObject source, string target, CancellationToken cancellationToken)
    {
        if (new FileInfo(target) is not { Exists: true } file || file.Length != source.Size) return false;
        return await DigestAsync(target, cancellationToken) == source.Digest;
    }

    private static void CheckSpace(string target, long needed)
    {
        var free = new DriveInfo(Path.GetDirectoryName(target)!).AvailableFreeSpace;
        if (free < needed) throw new GatewayException(ErrorCode.DiskFull, $"{needed} bytes are needed and {free} are free where {target} is to lie.");
    }
}
