using LmGateway.Vocabulary;
using LmStudio.Client.Wire;

namespace LmGateway.Backends.LmStudio;

/// <summary>
/// A model to download as <c>lms get</c> reads it: <c>owner/name</c> of LM Studio's hub, its address there, or the address of a Hugging
/// Face repository; each may end in <c>@quantisation</c>.
/// </summary>
internal sealed record PullTarget(string Owner, string Name, bool IsHuggingFace, string? Quantization)
{
    private const string HuggingFace = "https://huggingface.co/";
    private const string Hub = "https://lmstudio.ai/models/";

    /// <summary>What the WebSocket takes.</summary>
    public DownloadTarget ForPlan =>
        (IsHuggingFace ? DownloadTarget.HuggingFace(Owner, Name) : DownloadTarget.Catalog(Owner.ToLowerInvariant(), Name.ToLowerInvariant())) with { Quantization = Quantization };

    /// <summary>What a search result is compared with.</summary>
    public string Id => $"{Owner}/{Name}";

    /// <summary>What REST takes.</summary>
    public string ForRest => IsHuggingFace ? HuggingFace + Id : Id;

    /// <summary>Throws <see cref="ErrorCode.InvalidRequest"/> for what is no full name.</summary>
    public static PullTarget Parse(string identifier)
    {
        var parts = identifier.Split('@');
        var (name, quantization) = (parts[0], parts.Length == 2 ? parts[1] : null);
        var isHuggingFace = name.StartsWith(HuggingFace, StringComparison.OrdinalIgnoreCase);
        var id = isHuggingFace ? name[HuggingFace.Length..] : name.StartsWith(Hub, StringComparison.OrdinalIgnoreCase) ? name[Hub.Length..] : name;
        var segments = id.Trim('/').Split('/');
        var isFull = parts.Length <= 2 && quantization != "" && segments.All(segment => segment.Length > 0) && (segments.Length == 2 || (isHuggingFace && segments.Length > 2));
        if (isFull && !id.Contains("://", StringComparison.Ordinal)) return new PullTarget(segments[0], segments[1], isHuggingFace, quantization);
        throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, $"'{identifier}' is no full name: owner/name or https://huggingface.co/owner/repo is expected, with @quantisation if need be.") { Parameter = "identifier" });
    }
}
