using System.Globalization;
using System.Text;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// <c>id</c>, <c>created</c> and <c>model</c> of one reply, as JSON: the backend's where it gives them, else the gateway's own, and
/// the same in every event.
/// </summary>
internal sealed class ReplyIdentity(string id, long created, string model)
{
    private bool knowsId, knowsCreated, knowsModel;

    public byte[] Id { get => field ??= JsonText.Quote(id); private set; }

    public byte[] Created { get => field ??= Encoding.ASCII.GetBytes(created.ToString(CultureInfo.InvariantCulture)); private set; }

    public byte[] Model { get => field ??= JsonText.Quote(model); private set; }

    /// <summary>For ids of tool calls that a backend did not name.</summary>
    public string Own => id[(id.IndexOf('-', StringComparison.Ordinal) + 1)..];

    public void LearnId(ReadOnlySpan<byte> json)
    {
        if (!knowsId) Id = json.ToArray();
        knowsId = true;
    }

    public void LearnCreated(ReadOnlySpan<byte> json)
    {
        if (!knowsCreated) Created = json.ToArray();
        knowsCreated = true;
    }

    public void LearnModel(ReadOnlySpan<byte> json)
    {
        if (!knowsModel) Model = json.ToArray();
        knowsModel = true;
    }
}
