using System.Buffers;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>A parameter to put into requests that do not have it; the value is JSON.</summary>
internal readonly record struct RequestDefault(RequestField Field, string Json);

/// <summary>What to change in a request before a backend gets it.</summary>
internal readonly record struct RequestMendOptions
{
    public DialectDefects Defects { get; init; }

    public IReadOnlyList<RequestDefault> Defaults { get => field ?? []; init; }

    /// <summary>What the backend does with sampling parameters beyond OpenAI's; nobody looks by default.</summary>
    public ExtensionUse Extensions { get; init; }
}

/// <summary>A request as a backend gets it, and what to remember until its reply comes.</summary>
internal sealed record MendedRequest
{
    /// <summary>Shares the memory of the body that was peeked at.</summary>
    public required ReadOnlySequence<byte> Body { get; init; }

    public required bool Streamed { get; init; }

    /// <summary>The caller wants the usage of a stream; the backend was asked for it in any case.</summary>
    public required bool UsageAsked { get; init; }

    /// <summary>The caller wants base64; a backend that answers with numbers all the same has them converted.</summary>
    public required bool Base64Embeddings { get; init; }

    /// <summary>Parameters that have no effect on the backend.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];
}

/// <summary>A request that was judged and fits its backend but for the name of the instance, which is known when there is one.</summary>
internal readonly record struct FittedRequest(RequestPeek Peek, RequestPlan Plan)
{
    public required bool Streamed { get; init; }

    public required bool Base64Embeddings { get; init; }

    public required IReadOnlyList<string> Ignored { get; init; }

    /// <summary>What the backend gets; to be asked for once.</summary>
    /// <param name="model">The name under which the backend knows the model; null leaves what is there.</param>
    public MendedRequest For(string? model)
    {
        if (model is not null && (Peek.Model != model || Peek.Repeats(RequestField.Model))) Plan.Set(RequestField.Model, JsonText.Quote(model));
        return new MendedRequest { Body = Plan.Apply(), Streamed = Streamed, UsageAsked = Peek.UsageAsked, Base64Embeddings = Base64Embeddings, Ignored = Ignored };
    }
}

/// <summary>
/// Makes a caller's request fit its backend: missing parameters, and what the backend is known to trip over. The bytes of a request that
/// fits already are passed on as they are.
/// </summary>
internal static class RequestMends
{
    /// <summary>
    /// Throws <c>InvalidRequest</c> or <c>InvalidImage</c> where the caller asks for what cannot be made to fit. It needs no instance, so
    /// no model is loaded for a request that is refused.
    /// </summary>
    public static FittedRequest Fit(RequestPeek peek, in RequestMendOptions options)
    {
        var plan = new RequestPlan(peek);
        var ignored = peek.Dialect is Dialect.OpenAiChat or Dialect.OpenAiCompletions ? ExtensionMends.Hoist(peek, plan, options.Extensions) : [];
        var streamed = PutDefaults(peek, plan, options.Defaults);
        var base64 = false;
        switch (peek.Dialect)
        {
            case Dialect.OpenAiChat:
                LevelMaxTokens(peek, plan);
                if (options.Defects.HasFlag(DialectDefects.IgnoresMaxCompletionTokens) && !peek.Has(RequestField.MaxTokens) && peek.Has(RequestField.MaxCompletionTokens))
                    plan.Rename(RequestField.MaxCompletionTokens, RequestField.MaxTokens);
                if (streamed) AskForUsage(peek, plan);
                ResponseFormatMend.Apply(peek, plan, options.Defects);
                ToolMends.Apply(peek, plan, options.Defects);
                MessageMends.Apply(peek, plan, options.Defects);
                break;
            case Dialect.OpenAiCompletions:
                LevelMaxTokens(peek, plan);
                if (streamed) AskForUsage(peek, plan);
                break;
            case Dialect.AnthropicMessages:
                ToolMends.ApplyToMessages(peek, plan, options.Defects);
                NestedImages.Check(peek, options.Defects);
                break;
            case Dialect.LmStudioV1:
                NestedImages.Check(peek, options.Defects);
                break;
            case Dialect.OpenAiEmbeddings:
                base64 = AskForFloats(peek, plan, options.Defects);
                break;
            case Dialect.OpenAiResponses:
                // LM Studio refuses an empty object here; nothing at all means the same.
                if (peek.Find(RequestField.Text) is { Kind: JsonTokenType.StartObject, Empty: true }) plan.Remove(RequestField.Text);
                NestedImages.Check(peek, options.Defects);
                break;
        }

        return new FittedRequest(peek, plan) { Streamed = streamed, Base64Embeddings = base64, Ignored = ignored };
    }

    /// <summary>Returns whether the request is streamed after that.</summary>
    private static bool PutDefaults(RequestPeek peek, RequestPlan plan, IReadOnlyList<RequestDefault> defaults)
    {
        var streamed = peek.Streamed;
        foreach (var (field, json) in defaults)
        {
            if (peek.Has(field) || plan.Sets(field)) continue;
            if (field == RequestField.MaxTokens && peek.Has(RequestField.MaxCompletionTokens)) continue;
            plan.Set(field, System.Text.Encoding.UTF8.GetBytes(json));
            if (field == RequestField.Stream) streamed = json == "true";
        }

        return streamed;
    }

    /// <summary>The two names mean one thing; where both are given, the newer one counts for whichever the backend reads.</summary>
    private static void LevelMaxTokens(RequestPeek peek, RequestPlan plan)
    {
        if (!peek.Has(RequestField.MaxTokens) || peek.Find(RequestField.MaxCompletionTokens) is not { Kind: not JsonTokenType.Null } member) return;
        var value = peek.Value(member).ToArray();
        if (!peek.Value(peek.Find(RequestField.MaxTokens)!.Value).ToArray().AsSpan().SequenceEqual(value)) plan.Set(RequestField.MaxTokens, value);
    }

    private static void AskForUsage(RequestPeek peek, RequestPlan plan)
    {
        if (peek.UsageAsked) return;
        if (peek.Find(RequestField.StreamOptions) is not { Kind: JsonTokenType.StartObject, Empty: false } options)
        {
            plan.Set(RequestField.StreamOptions, """{"include_usage":true}"""u8);
            return;
        }

        plan.Single(RequestField.StreamOptions);
        var asked = false;
        var reader = peek.Reader(options);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var named = JsonText.Is(ref reader, "include_usage"u8);
            reader.Read();
            if (named) plan.Splice.Replace(options.ValueStart + reader.TokenStartIndex, reader.BytesConsumed - reader.TokenStartIndex, "true"u8.ToArray());
            asked |= named;
            reader.Skip();
        }

        if (!asked) plan.Splice.Insert(options.ValueStart + 1, "\"include_usage\":true,"u8.ToArray());
    }

    /// <summary>Returns whether the caller asked for base64.</summary>
    private static bool AskForFloats(RequestPeek peek, RequestPlan plan, DialectDefects defects)
    {
        if (peek.Text(RequestField.EncodingFormat) != "base64") return false;
        if (defects.HasFlag(DialectDefects.IgnoresBase64Embeddings)) plan.Set(RequestField.EncodingFormat, "\"float\""u8);
        return true;
    }
}
