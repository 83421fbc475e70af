using System.Buffers;
using System.Text;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>The state of one mended chat or completion stream.</summary>
internal sealed class ChunkStream : MendedStream
{
    private readonly ChatStreamOptions options;
    private readonly ChunkWriter chunks;
    private readonly ChunkWalk walk;
    private readonly PooledBuffer held;
    private readonly PooledBuffer usageChunk;
    private byte[]? usage;

    public ChunkStream(ChatStreamOptions options, ReplyTally tally)
        : base(options.Pool, options.LongestEvent, tally)
    {
        this.options = options;
        var identity = new ReplyIdentity(options.Id, options.Created, options.Model);
        chunks = new ChunkWriter(identity, options.Completions);
        walk = new ChunkWalk(options, identity, tally, chunks);
        held = new PooledBuffer(options.Pool);
        usageChunk = new PooledBuffer(options.Pool);
    }

    public override void Dispose()
    {
        base.Dispose();
        held.Dispose();
        usageChunk.Dispose();
        walk.Before.Dispose();
    }

    protected override void EndOfStream() => End(announced: false);

    protected override void Take(in SseEvent found)
    {
        if (IsDone(found.Data.Span))
        {
            End(announced: true);
            return;
        }

        if (found.Name.Span.SequenceEqual("error"u8)) throw new GatewayException(UpstreamErrors.Read(200, found.Data.Span, options.Backend));
        if (found.Data.Span.Trim((byte)' ').IsEmpty) return;
        Tally.Events++;
        Read(found);
        if (walk.Usage is not null) KeepUsage(found);
        if (walk.ChoiceCount is null or 0 || walk.IsLate) return;
        if (walk.Before.Length > 0) Output.Writer.Write(walk.Before.WrittenSpan);
        if (options.UsageInFinalChunk && walk.Finishes) Hold(found);
        else if (walk.Splice.IsEmpty && found.Plain) Output.Pass(found.Start, found.Length);
        else WriteEvent(found, Output.Writer);
        if (usage is not null) Release();
    }

    private void Read(in SseEvent found)
    {
        try
        {
            walk.Read(found.Data);
        }
        catch (JsonException fault)
        {
            throw new GatewayException(Broken("The backend sent an event that is not the JSON of a chunk."), fault);
        }
    }

    private void KeepUsage(in SseEvent found)
    {
        var facts = walk.Usage!.Value;
        usage = facts.IsComplete ? found.Data.Span[walk.UsageRange].ToArray() : facts.ToJson();
        if (!options.UsageAsked || walk.ChoiceCount != 0) return;
        if (!facts.IsComplete) walk.Splice.Replace(walk.UsageRange.Start.Value, walk.UsageRange.End.Value - walk.UsageRange.Start.Value, usage);
        usageChunk.Clear();
        WriteEvent(found, usageChunk);
    }

    private void Hold(in SseEvent found)
    {
        WriteHeld();
        WriteEvent(found, held);
    }

    /// <summary>The chunk that waited, now that the usage is known.</summary>
    private void Release()
    {
        if (held.Length == 0) return;
        var writer = Output.Writer;
        var open = held.WrittenSpan.IndexOf((byte)'{') + 1;
        writer.Write(held.WrittenSpan[..open]);
        writer.Write("\"usage\":"u8);
        writer.Write(usage);
        writer.Write(","u8);
        writer.Write(held.WrittenSpan[open..]);
        held.Clear();
    }

    private void WriteHeld()
    {
        if (held.Length > 0) Output.Writer.Write(held.WrittenSpan);
        held.Clear();
    }

    private void WriteEvent(in SseEvent found, PooledBuffer writer)
    {
        writer.Write("data: "u8);
        var start = writer.Length;
        walk.Splice.WriteTo(found.Data.Span, writer);
        // Line breaks can only stand between JSON's tokens; clients want one line.
        if (!found.Plain) writer.WrittenSpan[start..].Replace((byte)'\n', (byte)' ');
        writer.Write("\n\n"u8);
    }

    private void End(bool announced)
    {
        if (walk.Begun.Count == 0 && !(options.Completions && announced && usage is not null)) throw new GatewayException(Nothing(announced));
        foreach (var choice in walk.Begun)
        {
            if (choice.Finished) continue;
            if (!announced && choice.HeldFinish is null) throw new GatewayException(Broken("The backend broke the stream off before the answer was finished."));
            EndChoice(choice);
        }

        if (usage is not null) Release();
        WriteHeld();
        if (options.UsageAsked && usage is not null)
        {
            if (usageChunk.Length > 0) Output.Writer.Write(usageChunk.WrittenSpan);
            else chunks.WriteUsage(Output.Writer, usage);
        }

        Output.Writer.Write(ChunkWriter.Done);
        Ended = true;
    }

    private void EndChoice(ChoiceProgress choice)
    {
        var reason = ChunkWalk.ReasonOf(choice);
        walk.End(choice, reason, Output.Writer);
        if (options.UsageInFinalChunk)
        {
            WriteHeld();
            chunks.WriteFinish(held, choice.Index, reason);
        }
        else
        {
            chunks.WriteFinish(Output.Writer, choice.Index, reason);
        }
    }

    /// <summary>
    /// LM Studio ends the stream in good order and without a word where a prompt does not fit the context, and clients shorten their
    /// history when they are told. A connection that merely closes tells nothing of the kind.
    /// </summary>
    private GatewayError Nothing(bool announced) => announced
        ? new GatewayError(ErrorCode.ContextLengthExceeded, "The backend ended the stream without an answer. It does so where the prompt does not fit: the model's maximum context length is exceeded.") { Backend = options.Backend }
        : Broken("The backend closed the stream without an answer.");

    private GatewayError Broken(string message) => new(ErrorCode.BackendFault, message) { Backend = options.Backend };
}
