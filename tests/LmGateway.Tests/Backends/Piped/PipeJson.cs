using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Tests.Backends.Piped;

/// <summary>What is asked of the host.</summary>
internal sealed record PipeCall(string Method)
{
    public Exchange? Request { get; init; }
    public LoadOrder? Order { get; init; }
    public string? Identifier { get; init; }
    public ChatRequest? Chat { get; init; }
    public GenerationLimits Limits { get; init; }

    public static PipeCall Report() => new("report");

    public static PipeCall Load(LoadOrder order) => new("load") { Order = order };

    public static PipeCall Unload(string identifier) => new("unload") { Identifier = identifier };

    /// <summary>The body follows in pieces.</summary>
    public static PipeCall Exchange(Exchange exchange) => new("exchange") { Request = exchange };

    public static PipeCall Generate(string identifier, ChatRequest request, GenerationLimits limits) => new("generate") { Identifier = identifier, Chat = request, Limits = limits };
}

/// <summary>A reply without its body.</summary>
internal sealed record ReplyHead(int Status, string? ContentType, IReadOnlyList<Header> Headers);

/// <summary>The seam's own records as JSON. Bodies are no part of it: they travel as bytes.</summary>
internal static class PipeJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        Converters = { new SetConverter<Dialect>(), new SetConverter<string>() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveBodiesOut } },
    };

    public static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    public static T Read<T>(byte[] json) => JsonSerializer.Deserialize<T>(json, Options)!;

    /// <summary>The event's kind, a line feed, and the event.</summary>
    public static byte[] WriteEvent(ChatEvent happened) =>
        [.. Encoding.UTF8.GetBytes(happened.GetType().Name), (byte)'\n', .. JsonSerializer.SerializeToUtf8Bytes(happened, happened.GetType(), Options)];

    public static ChatEvent ReadEvent(byte[] bytes)
    {
        var end = Array.IndexOf(bytes, (byte)'\n');
        var kind = typeof(ChatEvent).GetNestedType(Encoding.UTF8.GetString(bytes, 0, end))!;
        return (ChatEvent)JsonSerializer.Deserialize(bytes.AsSpan(end + 1), kind, Options)!;
    }

    private static void LeaveBodiesOut(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object) return;
        for (var at = type.Properties.Count - 1; at >= 0; at--)
            if (type.Properties[at].PropertyType == typeof(ReadOnlySequence<byte>) || type.Properties[at].PropertyType == typeof(Stream)) type.Properties.RemoveAt(at);
    }

    private sealed class SetConverter<T> : JsonConverter<IReadOnlySet<T>>
    {
        public override IReadOnlySet<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<T[]>(ref reader, options)!.ToHashSet();

        public override void Write(Utf8JsonWriter writer, IReadOnlySet<T> value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.ToArray(), options);
    }
}
