using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using LeanNats.JetStream.Models;

namespace LeanNats.JetStream;

/// <summary>The JSON of the JetStream API. Null fields are left out: newer servers refuse what they do not know.</summary>
internal static class JetStreamJson
{
    // The text goes over a socket only, never into HTML.
    public static JetStreamJsonContext Context { get; } = new(new JsonSerializerOptions(JetStreamJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static byte[] Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    /// <summary>Throws <see cref="NatsJSException"/> for anything but such an answer.</summary>
    public static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new NatsJSException("The server's answer is null.");
        }
        catch (JsonException e)
        {
            throw new NatsJSException("The server's answer is not the JSON that the protocol asks for.", e);
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AccountInfoResponse))]
[JsonSerializable(typeof(StreamConfig))]
[JsonSerializable(typeof(StreamInfoRequest))]
[JsonSerializable(typeof(StreamInfoResponse))]
[JsonSerializable(typeof(ListRequest))]
[JsonSerializable(typeof(StreamListResponse))]
[JsonSerializable(typeof(StreamNamesResponse))]
[JsonSerializable(typeof(StreamPurgeRequest))]
[JsonSerializable(typeof(StreamMsgGetRequest))]
[JsonSerializable(typeof(StreamMsgGetResponse))]
[JsonSerializable(typeof(StreamMsgDeleteRequest))]
[JsonSerializable(typeof(SuccessResponse))]
[JsonSerializable(typeof(ConsumerCreateRequest))]
[JsonSerializable(typeof(ConsumerInfoResponse))]
[JsonSerializable(typeof(ConsumerListResponse))]
[JsonSerializable(typeof(PullRequest))]
[JsonSerializable(typeof(NakRequest))]
[JsonSerializable(typeof(PubAckResponse))]
internal sealed partial class JetStreamJsonContext : JsonSerializerContext;
