using System.Runtime.CompilerServices;
using LmGateway.Vocabulary;

namespace LmGateway.Nats;

/// <summary>An object of the model repository.</summary>
/// <param name="Bucket">Where it lies.</param>
/// <param name="Name">Usually <c>publisher/model/file</c>.</param>
/// <param name="Nuid">Names its content: another content has another one.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Digest"><c>SHA-256=</c> and base64url.</param>
internal sealed record BucketObject(string Bucket, string Name, string Nuid, long Size, string Digest);

/// <summary>A piece of an object, and the number by which reading goes on behind it.</summary>
internal readonly record struct BucketPiece(ReadOnlyMemory<byte> Data, ulong Sequence);

/// <summary>The model repository: buckets of JetStream's object store, on the one NATS connection.</summary>
internal sealed class ModelBucket(NatsLink link)
{
    private const int LongestName = 1024;
    private const int LongestBucket = 128;

    /// <summary>Throws <see cref="ErrorCode.InvalidRequest"/> for what cannot be a bucket's name.</summary>
    public static void CheckBucket(string bucket)
    {
        if (bucket.Length is 0 or > LongestBucket || !bucket.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_'))
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, "'bucket' may hold letters, digits, '-' and '_' only") { Parameter = "bucket" });
    }

    /// <summary>Throws <see cref="ErrorCode.InvalidRequest"/> for what cannot be an object's name.</summary>
    public static void CheckName(string name)
    {
        var fault = name switch
        {
            "" => "is required",
            { Length: > LongestName } => $"has more than {LongestName} characters",
            _ when name.Any(char.IsControl) => "holds control characters",
            _ => null,
        };
        if (fault is not null) throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, $"'object_name' {fault}") { Parameter = "object_name" });
    }

    public Task<BucketObject?> FindAsync(string bucket, string name, CancellationToken cancellationToken) { link.Require(); throw new NotSupportedException(); }
    public Task<List<BucketObject>> ListAsync(string bucket, string prefix, CancellationToken cancellationToken) { link.Require(); throw new NotSupportedException(); }
    public async IAsyncEnumerable<BucketPiece> ReadAsync(BucketObject source, ulong after, [EnumeratorCancellation] CancellationToken cancellationToken) { await Task.Yield(); link.Require(); yield break; }
    public Task PutAsync(string bucket, string name, Stream content, IProgress<long> progress, CancellationToken cancellationToken) { link.Require(); throw new NotSupportedException(); }
}
