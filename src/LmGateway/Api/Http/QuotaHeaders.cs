using System.Globalization;
using LmGateway.Serving;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>Tells the holder of a limited key what is left of this minute, in the headers that OpenAI's clients know.</summary>
internal static class QuotaHeaders
{
    public static void Write(IHeaderDictionary headers, QuotaState left) => Tell(left, (name, value) => headers[name] = value);

    /// <summary>Each header's name and value.</summary>
    public static void Tell(QuotaState left, Action<string, string> tell)
    {
        Tell("requests", left.Requests);
        Tell("tokens", left.Tokens);

        void Tell(string kind, QuotaPart? part)
        {
            if (part is not { } known) return;
            tell($"x-ratelimit-limit-{kind}", known.Limit.ToString(CultureInfo.InvariantCulture));
            tell($"x-ratelimit-remaining-{kind}", known.Left.ToString(CultureInfo.InvariantCulture));
            tell($"x-ratelimit-reset-{kind}", string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(known.Reset.TotalSeconds)}s"));
        }
    }
}
