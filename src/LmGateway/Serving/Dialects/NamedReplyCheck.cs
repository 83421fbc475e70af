using System.Buffers;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>Whole replies of the Responses and Messages APIs: handed on as they are once they are known to be no error.</summary>
internal static class NamedReplyCheck
{
    /// <summary>Throws a <see cref="GatewayException"/> for an error in a success's clothes, and for what is no JSON object.</summary>
    public static MendedReply Apply(ReadOnlyMemory<byte> body, ReplyMendOptions options, ReplyTally tally)
    {
        body = WholeReply.WithoutMark(body);
        WholeReply.Reading((options, tally), static (to, body) => Read(body.Span, to.options, to.tally), body, options.Backend);
        return new MendedReply(new ReadOnlySequence<byte>(body));
    }

    private static void Read(ReadOnlySpan<byte> body, ReplyMendOptions options, ReplyTally tally)
    {
        var facts = EventFacts.Read(body);
        if (facts.HasError) throw new GatewayException(UpstreamErrors.Read(200, body, options.Backend));
        tally.Usage = facts.Usage is { IsEmpty: false } told ? told.ToUsage() : null;
        tally.Model = facts.Model;
        tally.FinishReason = facts.StopReason;
    }
}
