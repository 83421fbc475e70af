namespace LmGateway.Serving.Dialects;

/// <summary>Takes members out of an object while a reader goes through it, each with one comma.</summary>
internal struct ObjectCursor(BodySplice splice, long inside)
{
    private long keptEnd = inside;
    private long gone = -1;
    private long goneEnd;
    private long name;

    /// <summary>A member's name begins here.</summary>
    public void Name(long start) => name = start;

    /// <summary>Its value ends here; the member stays or goes.</summary>
    public void Value(long end, bool remove)
    {
        if (remove)
        {
            if (gone < 0) gone = name;
            goneEnd = end;
            return;
        }

        if (gone >= 0) splice.Remove(gone, name);
        gone = -1;
        keptEnd = end;
    }

    /// <summary>The object ends.</summary>
    public readonly void End()
    {
        if (gone >= 0) splice.Remove(keptEnd, goneEnd);
    }
}
