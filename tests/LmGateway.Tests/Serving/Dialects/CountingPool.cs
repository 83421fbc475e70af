using System.Buffers;
using Xunit;

namespace LmGateway.Tests.Serving.Dialects;

/// <summary>Counts what is rented and gives back memory full of rubbish, so that neither a leak nor a use after return goes unseen.</summary>
internal sealed class CountingPool : ArrayPool<byte>
{
    private readonly HashSet<byte[]> rented = [];

    public int Rented => rented.Count;

    public override byte[] Rent(int minimumLength)
    {
        var array = new byte[minimumLength];
        array.AsSpan().Fill(0xEE);
        rented.Add(array);
        return array;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        Assert.True(rented.Remove(array), "An array was returned that is not rented.");
        array.AsSpan().Fill(0xDD);
    }
}
