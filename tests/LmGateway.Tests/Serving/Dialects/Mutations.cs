namespace LmGateway.Tests.Serving.Dialects;

/// <summary>Small damage to bytes, of the kinds that parsers trip over.</summary>
internal static class Mutations
{
    private static readonly byte[] Interesting = "{}[]\",:\\0-e.nult \r\n"u8.ToArray();

    public static byte[] Of(Random random, byte[] original, int count)
    {
        var bytes = original.ToList();
        for (var index = 0; index < count && bytes.Count > 1; index++)
        {
            var place = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[place] = (byte)random.Next(256); break;
                case 1: bytes[place] = Interesting[random.Next(Interesting.Length)]; break;
                case 2: bytes.Insert(place, Interesting[random.Next(Interesting.Length)]); break;
                case 3: bytes.RemoveRange(place, random.Next(1, Math.Min(12, bytes.Count - place) + 1)); break;
                case 4: bytes.InsertRange(place, bytes.GetRange(place, random.Next(1, Math.Min(20, bytes.Count - place) + 1))); break;
                default: bytes.RemoveRange(place, bytes.Count - place); break;
            }
        }

        return [.. bytes];
    }
}
