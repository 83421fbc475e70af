using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>An error body of LM Studio's HTTP server, read from whichever of its shapes.</summary>
public sealed record HttpError(string Message)
{
    /// <summary>Kind, such as <c>invalid_request</c> or <c>model_not_found</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Code, such as <c>invalid_api_key</c>.</summary>
    public string? Code { get; init; }

    /// <summary>The parameter at fault.</summary>
    public string? Param { get; init; }

    /// <summary>The error in a body, or null when the body is none.</summary>
    internal static HttpError? TryRead(JsonElement body) => body.Member("error") switch
    {
        { ValueKind: JsonValueKind.String } text => new HttpError(text.LenientString()),
        { ValueKind: JsonValueKind.Object } error => new HttpError(error.Text("message") ?? error.Text("title") ?? "Unknown error")
        {
            Type = error.Text("type"),
            Code = error.Text("code"),
            Param = error.Text("param"),
        },
        _ => null,
    };
}
