using System.Collections.Frozen;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Events;

/// <summary>Names of the vocabulary as events and the debug API write them: <c>backend_unreachable</c>.</summary>
internal static class EventWords
{
    private static readonly FrozenDictionary<ErrorCode, string> Codes =
        Enum.GetValues<ErrorCode>().ToFrozenDictionary(code => code, code => JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString()));

    public static string Of(ErrorCode code) => Codes[code];

    public static string Of(ModelChangeOrigin origin) => origin switch
    {
        ModelChangeOrigin.Requested => "requested",
        ModelChangeOrigin.OnDemand => "on_demand",
        _ => "external",
    };
}
