using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>One member of a request's root object, by its place in the body, which is held and so shorter than 2 GiB.</summary>
/// <param name="Field">Which one.</param>
/// <param name="Kind">The first token of its value.</param>
/// <param name="Empty">The value is <c>""</c>, <c>[]</c> or <c>{}</c>.</param>
/// <param name="Start">Where its name begins, with the quote.</param>
/// <param name="ValueStart">Where its value begins.</param>
/// <param name="End">Where its value ends.</param>
internal readonly record struct RequestMember(RequestField Field, JsonTokenType Kind, bool Empty, int Start, int ValueStart, int End)
{
    public int ValueLength => End - ValueStart;

    /// <summary>Where the value before it ends, or the root object's inside begins.</summary>
    public required int PreviousEnd { get; init; }

    /// <summary>Where the next member's name begins; -1 for the last member.</summary>
    public int NextStart { get; init; }
}
