using System.Globalization;
using LmGateway.Serving;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>Tells the holder of a limited key what is left of this minute, in the headers that OpenAI's clients know.</summary>
internal static class QuotaHeaders
{
    public static void Write(IHeaderDictionary headers, QuotaState left)
    {
        var reset = string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(left.Reset.TotalSeconds)}s");
        Write("requests", left.Grant.RequestsPerMinute, left.RequestsLeft);
        Write("tokens", left.Grant.TokensPerMinute, left.TokensLeft);

        void Write(string kind, long? limit, long? remaining)
        {
            if (limit is null) return;
            headers[$"x-ratelimit-limit-{kind}"] = limit.Value.ToString(CultureInfo.InvariantCulture);
            headers[$"x-ratelimit-remaining-{kind}"] = remaining!.Value.ToString(CultureInfo.InvariantCulture);
            headers[$"x-ratelimit-reset-{kind}"] = reset;
        }
    }
}
