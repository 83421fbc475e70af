using System.Buffers;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

/// <summary>Counts what is rented and gives back memory full of rubbish, so that neither a leak nor a use after return goes unseen.</summary>
internal sealed class CountingPool : ArrayPool<byte>
{
    private readonly Lock door = new();
    private readonly HashSet<byte[]> rented = [];

    public int Rented
    {
        get
        {
            lock (door) return rented.Count;
        }
    }

    /// <summary>How often anything was rented.</summary>
    public int Rents { get; private set; }

    public override byte[] Rent(int minimumLength)
    {
        var array = new byte[minimumLength];
        array.AsSpan().Fill(0xEE);
        lock (door)
        {
            rented.Add(array);
            Rents++;
        }

        return array;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        lock (door) Assert.True(rented.Remove(array), "An array was returned that is not rented.");
        array.AsSpan().Fill(0xDD);
    }
}
