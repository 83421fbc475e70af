namespace LmGateway.Api.Chat;

/// <summary>Who names the model of a route, and what it takes.</summary>
internal enum ChatKind
{
    /// <summary>The request names the model, or gets the default one; images are taken.</summary>
    Any,

    /// <summary>Always the default model for text; images are refused.</summary>
    Regular,

    /// <summary>Always the default model for images.</summary>
    Vision,
}

/// <summary>One of the six routes that chat.</summary>
internal sealed record ChatRoute(string Path, ChatKind Kind, bool Streamed)
{
    public static IReadOnlyList<ChatRoute> All { get; } =
    [
        new("/chat", ChatKind.Any, Streamed: false),
        new("/chat/stream", ChatKind.Any, Streamed: true),
        new("/chat/regular", ChatKind.Regular, Streamed: false),
        new("/chat/regular/stream", ChatKind.Regular, Streamed: true),
        new("/chat/vision", ChatKind.Vision, Streamed: false),
        new("/chat/vision/stream", ChatKind.Vision, Streamed: true),
    ];
}
