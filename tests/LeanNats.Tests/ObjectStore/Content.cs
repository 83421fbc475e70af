using System.Security.Cryptography;
using LeanNats.ObjectStore;
using LeanNats.ObjectStore.Models;

namespace LeanNats.Tests.ObjectStore;

/// <summary>Bytes that tell when one of them is lost, twice there or out of place.</summary>
internal static class Content
{
    public static byte[] Of(int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    public static Stream Stream(byte[] bytes) => new MemoryStream(bytes, writable: false);

    public static string Digest(byte[] bytes) => "SHA-256=" + Convert.ToBase64String(SHA256.HashData(bytes)).Replace('+', '-').Replace('/', '_');

    public static ValueTask<ObjectMetadata> PutAsync(this NatsObjStore store, string name, byte[] bytes, int? chunkSize = null) =>
        store.PutAsync(new ObjectMetadata { Name = name, Options = new MetaDataOptions { MaxChunkSize = chunkSize } }, Stream(bytes));

    public static async Task<byte[]> GetBytesAsync(this NatsObjStore store, string name)
    {
        using var destination = new MemoryStream();
        await store.GetAsync(name, destination);
        return destination.ToArray();
    }
}
