using System.Buffers;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// Changes to a piece of JSON, collected in any order and applied to its bytes: what is not changed is never copied by
/// <see cref="Apply"/> and copied once by <see cref="WriteTo"/>. Changes must not overlap; those at one place keep their order.
/// </summary>
internal sealed class BodySplice
{
    private List<Edit>? edits;

    public bool IsEmpty => edits is null or { Count: 0 };

    public void Clear() => edits?.Clear();

    public void Insert(long at, ReadOnlyMemory<byte> bytes) => Replace(at, 0, bytes);

    public void Remove(long start, long end) => Replace(start, end - start, default);

    public void Replace(long start, long length, ReadOnlyMemory<byte> bytes)
    {
        edits ??= [];
        var edit = new Edit(start, length, bytes);
        var place = edits.Count;
        while (place > 0 && edit.Precedes(edits[place - 1])) place--;
        edits.Insert(place, edit);
    }

    /// <summary>The changed body, made of the original's memory and the replacements.</summary>
    public ReadOnlySequence<byte> Apply(in ReadOnlySequence<byte> body)
    {
        if (edits is null or { Count: 0 }) return body;
        var chain = new Chain();
        var done = 0L;
        foreach (var edit in edits)
        {
            chain.Add(body.Slice(done, Gap(done, edit)));
            chain.Add(edit.Bytes);
            done = edit.Start + edit.Length;
        }

        chain.Add(body.Slice(done));
        return chain.Whole;
    }

    /// <summary>The same as a copy, for what is small and lies in one piece.</summary>
    public void WriteTo(ReadOnlySpan<byte> body, IBufferWriter<byte> writer)
    {
        var done = 0;
        foreach (var edit in edits ?? [])
        {
            writer.Write(body.Slice(done, (int)Gap(done, edit)));
            writer.Write(edit.Bytes.Span);
            done = (int)(edit.Start + edit.Length);
        }

        writer.Write(body[done..]);
    }

    private static long Gap(long done, Edit edit) =>
        edit.Start >= done ? edit.Start - done : throw new InvalidOperationException("Two changes of one body overlap.");

    private readonly record struct Edit(long Start, long Length, ReadOnlyMemory<byte> Bytes)
    {
        /// <summary>Insertions at a place come before what replaces the bytes there.</summary>
        public bool Precedes(Edit other) => Start < other.Start || (Start == other.Start && Length == 0 && other.Length > 0);
    }

    private sealed class Chain
    {
        private Link? first;
        private Link? last;

        public ReadOnlySequence<byte> Whole => first is null ? default : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);

        public void Add(in ReadOnlySequence<byte> piece)
        {
            foreach (var memory in piece) Add(memory);
        }

        public void Add(ReadOnlyMemory<byte> memory)
        {
            if (memory.IsEmpty) return;
            last = new Link(memory, last);
            first ??= last;
        }
    }

    private sealed class Link : ReadOnlySequenceSegment<byte>
    {
        public Link(ReadOnlyMemory<byte> memory, Link? before)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
