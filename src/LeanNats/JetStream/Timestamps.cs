using System.Globalization;

namespace LeanNats.JetStream;

/// <summary>The server's times, which are finer than those of .NET.</summary>
internal static class Timestamps
{
    /// <summary>RFC 3339 with up to nine digits of a second.</summary>
    public static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    /// <summary>A time in nanoseconds since 1970.</summary>
    public static DateTimeOffset FromNanoseconds(long nanoseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
}
