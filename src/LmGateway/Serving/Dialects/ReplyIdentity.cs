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

    public byte[] Id { get; private set; } = JsonText.Quote(id);

    public byte[] Created { get; private set; } = Encoding.ASCII.GetBytes(created.ToString(CultureInfo.InvariantCulture));

    public byte[] Model { get; private set; } = JsonText.Quote(model);

    /// <summary>For ids of tool calls that a backend did not name.</summary>
    public string Own { get; } = id[(id.IndexOf('-', StringComparison.Ordinal) + 1)..];

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

    /// <summary>True the first time.</summary>
    public bool LearnModel(ReadOnlySpan<byte> json)
    {
        var first = !knowsModel;
        if (first) Model = json.ToArray();
        knowsModel = true;
        return first;
    }
}
