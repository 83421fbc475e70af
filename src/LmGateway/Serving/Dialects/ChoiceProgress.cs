namespace LmGateway.Serving.Dialects;

/// <summary>How far one choice of a stream has come.</summary>
internal sealed class ChoiceProgress(int index)
{
    public int Index { get; } = index;
    public bool RoleSent { get; set; }
    public bool Finished { get; set; }

    /// <summary>A reason that came while only reasoning had been sent: given on at the end unless another follows.</summary>
    public string? HeldFinish { get; set; }

    /// <summary>The first bytes of a character whose rest is still to come.</summary>
    public byte[] Half { get; set; } = [];

    public ToolCallDeltas? Tools { get; set; }
}
