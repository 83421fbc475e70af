using System.Globalization;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

internal enum ParameterKind
{
    Number,
    Whole,
    Text,
    Flag,
}

/// <summary>What one parameter may be.</summary>
/// <param name="Field">Which one.</param>
/// <param name="Expected">Its range in words: <c>between 0.0 and 2.0</c>.</param>
internal sealed record ParameterRule(RequestField Field, string Expected = "")
{
    public ParameterKind Kind { get; init; }

    /// <summary>What messages call it; its name where null.</summary>
    public string? Title { get; init; }

    public double Least { get; init; } = double.NegativeInfinity;
    public double Most { get; init; } = double.PositiveInfinity;

    /// <summary>The least value itself is none.</summary>
    public bool IsAboveLeast { get; init; }

    public ErrorCode Code { get; init; } = ErrorCode.InvalidRequest;

    /// <summary>Throws where the value is of the wrong kind or out of range.</summary>
    public void Check(JsonElement value)
    {
        var fault = Kind switch
        {
            ParameterKind.Text => value.ValueKind == JsonValueKind.String ? null : "must be a string.",
            ParameterKind.Flag => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "must be true or false.",
            _ when value.ValueKind != JsonValueKind.Number => Kind == ParameterKind.Whole ? "must be a whole number." : "must be a number.",
            ParameterKind.Whole when !double.IsInteger(value.GetDouble()) => "must be a whole number.",
            _ => null,
        };
        if (fault is not null) throw Failure($"'{RequestFields.Name(Field)}' {fault}");
        if (value.ValueKind == JsonValueKind.Number && !IsInRange(value.GetDouble())) throw Failure($"{Title ?? $"'{RequestFields.Name(Field)}'"} must be {Expected}, got {Shown(value)}");
    }

    private bool IsInRange(double number) => number <= Most && (IsAboveLeast ? number > Least : number >= Least);

    private static string Shown(JsonElement value) =>
        value.GetDouble() is var number && double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : value.GetRawText();

    private GatewayException Failure(string message) => new(new GatewayError(Code, message) { Parameter = RequestFields.Name(Field) });
}
