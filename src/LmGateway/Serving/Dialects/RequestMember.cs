using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>One member of a request's root object, by its place in the body.</summary>
/// <param name="Field">Which one.</param>
/// <param name="Kind">The first token of its value.</param>
/// <param name="Empty">The value is <c>""</c>, <c>[]</c> or <c>{}</c>.</param>
/// <param name="Start">Where its name begins, with the quote.</param>
/// <param name="ValueStart">Where its value begins.</param>
/// <param name="End">Where its value ends.</param>
internal readonly record struct RequestMember(RequestField Field, JsonTokenType Kind, bool Empty, long Start, long ValueStart, long End)
{
    public long ValueLength => End - ValueStart;

    /// <summary>Where the value before it ends, or the root object's inside begins.</summary>
    public required long PreviousEnd { get; init; }

    /// <summary>Where the next member's name begins; -1 for the last member.</summary>
    public long NextStart { get; init; }
}
