using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>The sampling parameters beyond OpenAI's that the provider contract names, with their ranges.</summary>
internal static class ExtensionParameters
{
    public static IReadOnlyList<ParameterRule> All { get; } =
    [
        Whole(RequestField.TopK, "greater than 0") with { Least = 0, IsAboveLeast = true },
        Share(RequestField.MinP),
        Number(RequestField.RepeatPenalty, "at least 0") with { Least = 0 },
        Whole(RequestField.MirostatMode, "0, 1 or 2") with { Least = 0, Most = 2 },
        Number(RequestField.MirostatTau, "greater than 0") with { Least = 0, IsAboveLeast = true },
        Share(RequestField.MirostatEta),
        Number(RequestField.Grammar, "") with { Kind = ParameterKind.Text },
        Number(RequestField.CachePrompt, "") with { Kind = ParameterKind.Flag },
        Whole(RequestField.NProbs, "at least 0") with { Least = 0 },
        Number(RequestField.TfsZ, "at least 0") with { Least = 0 },
        Share(RequestField.TypicalP),
        Whole(RequestField.MinTokens, "at least 0") with { Least = 0 },
    ];

    public static bool Includes(RequestField field) => All.Any(parameter => parameter.Field == field);

    public static ParameterRule? Find(string name) => All.FirstOrDefault(parameter => RequestFields.Name(parameter.Field) == name);

    private static ParameterRule Number(RequestField field, string expected) => new(field, expected) { Code = ErrorCode.InvalidExtension };

    private static ParameterRule Whole(RequestField field, string expected) => Number(field, expected) with { Kind = ParameterKind.Whole };

    private static ParameterRule Share(RequestField field) => Number(field, "between 0 and 1") with { Least = 0, Most = 1 };
}
