using System.Buffers;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>Makes a whole <c>chat.completion</c> one that OpenAI's strictest clients read; bytes in order stay as they are.</summary>
internal static class ChatReplyMend
{
    /// <summary>Throws a <see cref="GatewayException"/> for an error in a success's clothes, and for what is no chat completion.</summary>
    public static MendedReply Apply(ReadOnlyMemory<byte> body, ReplyMendOptions options, ReplyTally tally) =>
        WholeReply.Mend(body, new BodyWalk(options, tally, completions: false), options);
}

/// <summary>The same for a whole <c>text_completion</c>.</summary>
internal static class CompletionReplyMend
{
    /// <inheritdoc cref="ChatReplyMend.Apply"/>
    public static MendedReply Apply(ReadOnlyMemory<byte> body, ReplyMendOptions options, ReplyTally tally) =>
        WholeReply.Mend(body, new BodyWalk(options, tally, completions: true), options);
}

/// <summary>What all whole replies have in common.</summary>
internal static class WholeReply
{
    public static MendedReply Mend(ReadOnlyMemory<byte> body, BodyWalk walk, ReplyMendOptions options)
    {
        body = WithoutMark(body);
        Reading(walk, static (walk, body) => walk.Read(body), body, options.Backend);
        return walk.ChoiceCount > 0
            ? new MendedReply(walk.Splice.Apply(new ReadOnlySequence<byte>(body)))
            : throw new GatewayException(new GatewayError(ErrorCode.BackendFault, "The backend answered without any choice.") { Backend = options.Backend });
    }

    /// <summary>Runs a pass over a body; what is not JSON, or not the JSON expected, is the backend's fault.</summary>
    public static void Reading<T>(T reader, Action<T, ReadOnlyMemory<byte>> read, ReadOnlyMemory<byte> body, string? backend)
    {
        try
        {
            read(reader, body);
        }
        catch (JsonException fault)
        {
            var error = JsonText.IsWhole(body.Span)
                ? new GatewayError(ErrorCode.BackendFault, $"The backend's answer cannot be understood: {fault.Message}") { Backend = backend }
                : UpstreamErrors.Read(200, body.Span, backend) with { Code = ErrorCode.BackendFault };
            throw new GatewayException(error, fault);
        }
    }

    public static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body) =>
        body.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? body[3..] : body;
}
