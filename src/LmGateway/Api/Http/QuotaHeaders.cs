using System.Globalization;
using LmGateway.Serving;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>Tells the holder of a limited key what is left of this minute, in the headers that OpenAI's clients know.</summary>
internal static class QuotaHeaders
{
    public static void Write(IHeaderDictionary headers, QuotaState left)
    {
        Write("requests", left.Requests);
        Write("tokens", left.Tokens);

        void Write(string kind, QuotaPart? part)
        {
            if (part is not { } known) return;
            headers[$"x-ratelimit-limit-{kind}"] = known.Limit.ToString(CultureInfo.InvariantCulture);
            headers[$"x-ratelimit-remaining-{kind}"] = known.Left.ToString(CultureInfo.InvariantCulture);
            headers[$"x-ratelimit-reset-{kind}"] = string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(known.Reset.TotalSeconds)}s");
        }
    }
}
