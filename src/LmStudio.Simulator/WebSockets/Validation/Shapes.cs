namespace LmStudio.Simulator.WebSockets.Validation;

/// <summary>The shapes that several endpoints' parameters share, as LM Studio's own client declares them (SDK 2.0.0).</summary>
internal static class Shapes
{
    public static readonly Shape None = new Shape.Void();
    public static readonly Shape Anything = new Shape.Any();
    public static readonly Shape Text = new Shape.Text();
    public static readonly Shape Flag = new Shape.Boolean();
    public static readonly Shape Whole = new Shape.Number(Whole: true);
    public static readonly Shape OptionalText = new Shape.Optional(Text);
    public static readonly Shape OptionalFlag = new Shape.Optional(Flag);

    /// <summary>A name that may serve as a key: 1 to 1024 characters, no control characters, not <c>__proto__</c>.</summary>
    public static readonly Shape Key = new Shape.Text(Min: 1, Max: 1024, IsKey: true);

    /// <summary>Null means this machine; a text would name another one.</summary>
    public static readonly Shape Device = new Shape.Optional(new Shape.Nullable(Text));

    public static readonly Shape Milliseconds = new Shape.Optional(new Shape.Number(Min: 1, Whole: true));

    private static readonly Shape Config = new Shape.Keys(("fields", new Shape.ListOf(new Shape.Keys(("key", Text), ("value", Anything)))));

    public static readonly Shape ConfigStack = new Shape.Keys(("layers", new Shape.ListOf(new Shape.Keys(
        ("layerName", new Shape.OneOf(
            "currentlyEditing", "currentlyLoaded", "apiOverride", "conversationSpecific", "conversationGlobal", "preset", "serverSession",
            "httpServerRequestOverride", "completeModeFormatting", "instance", "userModelDefault", "virtualModel", "modelDefault", "hardware")),
        ("config", Config)))));

    public static readonly Shape Specifier = new Shape.Union("type",
        ("query", new Shape.Keys(("query", new Shape.Keys(
            ("domain", new Shape.Optional(new Shape.OneOf("llm", "embedding", "imageGen", "transcription", "tts", "drafter"))),
            ("deviceIdentifier", Device),
            ("identifier", new Shape.Optional(Key)),
            ("path", new Shape.Optional(Key)),
            ("vision", OptionalFlag))))),
        ("instanceReference", new Shape.Keys(("instanceReference", Text))));

    public static readonly Shape CompatibilityTypes = new Shape.Optional(new Shape.ListOf(new Shape.OneOf(
        "gguf", "safetensors", "onnx", "ggml", "mlx_placeholder", "torch_safetensors", "yuzu", "pte")));

    private static readonly (string, Shape) TextPart = ("text", new Shape.Keys(("text", Text)));

    private static readonly (string, Shape) FilePart = ("file", new Shape.Keys(
        ("name", Text),
        ("identifier", Text),
        ("sizeBytes", Whole),
        ("fileType", new Shape.OneOf("image", "text/plain", "application/pdf", "application/word", "text/other", "unknown"))));

    private static readonly (string, Shape) ToolCallPart = ("toolCallRequest", new Shape.Keys(
        ("toolCallRequest", new Shape.Union("type", ("function", new Shape.Keys(
            ("id", OptionalText),
            ("name", Text),
            ("arguments", new Shape.Optional(new Shape.Keys()))))))));

    private static readonly (string, Shape) ToolResultPart = ("toolCallResult", new Shape.Keys(
        ("content", Text),
        ("toolCallId", OptionalText),
        ("name", OptionalText)));

    public static readonly Shape History = new Shape.Keys(("messages", new Shape.ListOf(new Shape.Union("role",
        ("assistant", Parts(TextPart, FilePart, ToolCallPart)),
        ("user", Parts(TextPart, FilePart)),
        ("system", Parts(TextPart, FilePart)),
        ("tool", Parts(ToolResultPart))))));

    /// <summary>The one message of most channels: the client wants the work to stop.</summary>
    public static readonly Shape Cancel = new Shape.Union("type", ("cancel", new Shape.Keys()));

    private static Shape.Keys Parts(params (string, Shape)[] kinds) => new(("content", new Shape.ListOf(new Shape.Union("type", kinds))));
}
