using System.Buffers;
using System.Text;
using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>Changes to the members of a request's root object. Names that occur twice are treated as one.</summary>
internal sealed class RequestPlan(RequestPeek peek)
{
    private BodySplice? splice;
    private ArrayBufferWriter<byte>? added;
    private List<RequestField>? set;
    private bool[]? removed;
    private int removedCount;

    private bool IsEmpty => splice is null or { IsEmpty: true } && added is null && removed is null;

    /// <summary>For changes inside a value.</summary>
    public BodySplice Splice => splice ??= new BodySplice();

    /// <summary>Whether <see cref="Set"/> was called for it.</summary>
    public bool Sets(RequestField field) => set?.Contains(field) == true;

    /// <summary>Puts a value in, in the place of the one that is there.</summary>
    public void Set(RequestField field, ReadOnlySpan<byte> json)
    {
        (set ??= []).Add(field);
        if (Single(field) is { } member) Splice.Replace(member.ValueStart, member.ValueLength, json.ToArray());
        else Add(Encoding.UTF8.GetBytes(RequestFields.Name(field)), json);
    }

    /// <summary>Adds a member at the front, where any that is there already would win.</summary>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        if (added is null) added = new ArrayBufferWriter<byte>();
        else added.Write(","u8);
        added.Write("\""u8);
        added.Write(name);
        added.Write("\":"u8);
        added.Write(json);
    }

    public void Rename(RequestField from, RequestField to)
    {
        if (Single(from) is not { } member) return;
        var nameLength = NameLength(member);
        Splice.Replace(member.Start, nameLength, JsonText.Quote(RequestFields.Name(to)));
    }

    public void Remove(RequestField field)
    {
        var members = peek.Members;
        for (var index = 0; index < members.Length; index++)
            if (members[index].Field == field) Remove(index);
    }

    /// <summary>The member that counts, after its earlier namesakes are taken out.</summary>
    public RequestMember? Single(RequestField field)
    {
        if (peek.Find(field) is not { } last) return null;
        var members = peek.Members;
        for (var index = 0; index < members.Length; index++)
            if (members[index].Field == field && members[index].Start != last.Start) Remove(index);
        return last;
    }

    /// <summary>The changed body; the very same one where nothing was planned.</summary>
    public ReadOnlySequence<byte> Apply()
    {
        if (IsEmpty) return peek.Body;
        if (removed is not null) RemoveRuns(removed);
        if (added is not null)
        {
            if (peek.MemberCount > removedCount) added.Write(","u8);
            Splice.Insert(peek.InsertAt, added.WrittenMemory);
        }

        return Splice.Apply(peek.Body);
    }

    private void Remove(int index)
    {
        removed ??= new bool[peek.Members.Length];
        if (!removed[index]) removedCount++;
        removed[index] = true;
    }

    /// <summary>Neighbours go together, with one comma each, so that what stays is still separated by one.</summary>
    private void RemoveRuns(bool[] gone)
    {
        var members = peek.Members;
        for (var first = 0; first < gone.Length; first++)
        {
            if (!gone[first]) continue;
            var last = first;
            while (last + 1 < gone.Length && gone[last + 1] && members[last].NextStart == members[last + 1].Start) last++;
            var (head, tail) = (members[first], members[last]);
            if (tail.NextStart >= 0) Splice.Remove(head.Start, tail.NextStart);
            else Splice.Remove(head.PreviousEnd, tail.End);
            first = last;
        }
    }

    private long NameLength(RequestMember member)
    {
        var reader = new Utf8JsonReader(peek.Body.Slice(member.Start, member.ValueStart - member.Start), isFinalBlock: false, state: default);
        reader.Read();
        return reader.BytesConsumed;
    }
}
