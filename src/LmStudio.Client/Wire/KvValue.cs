using System.Buffers;
using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>Makes the JSON values of configuration fields; what is not set has none.</summary>
internal static class KvValue
{
    public static JsonElement Of(bool value) => Of(writer => writer.WriteBooleanValue(value));

    public static JsonElement Of(double value) => Of(writer => writer.WriteNumberValue(value));

    public static JsonElement Of(string value) => Of(writer => writer.WriteStringValue(value));

    public static JsonElement? Flag(bool? value) => value is { } flag ? Of(flag) : null;

    public static JsonElement? Number(double? value) => value is { } number ? Of(number) : null;

    public static JsonElement? Text(string? value) => value is null ? null : Of(value);

    public static JsonElement? Texts(IEnumerable<string>? values) => values is null ? null : Of(writer => WriteArray(writer, values, writer.WriteStringValue));

    public static JsonElement? Checked(Checkable<double>? value) => Checked(value, (writer, number) => writer.WriteNumber("value", number));

    public static JsonElement? Checked(Checkable<int>? value) => Checked(value, (writer, number) => writer.WriteNumber("value", number));

    public static JsonElement? Checked(Checkable<long>? value) => Checked(value, (writer, number) => writer.WriteNumber("value", number));

    public static JsonElement? Checked(Checkable<string>? value) => Checked(value, (writer, text) => writer.WriteString("value", text));

    public static JsonElement Object(Action<Utf8JsonWriter> members) => Of(writer =>
    {
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
    });

    public static void WriteArray<T>(Utf8JsonWriter writer, IEnumerable<T> values, Action<T> write)
    {
        writer.WriteStartArray();
        foreach (var value in values) write(value);
        writer.WriteEndArray();
    }

    public static JsonElement Of(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        write(writer);
        writer.Flush();
        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static JsonElement? Checked<T>(Checkable<T>? checkable, Action<Utf8JsonWriter, T> write) =>
        checkable is not { } setting ? null : Object(writer =>
        {
            writer.WriteBoolean("checked", setting.IsOn);
            write(writer, setting.Value);
        });
}

/// <summary>
/// A setting that can be switched off. A bare value is switched on; <see cref="Checkable.Off"/> keeps a value beside the switch because the
/// protocol wants one.
/// </summary>
public readonly record struct Checkable<T>(bool IsOn, T Value)
{
    /// <summary>Switched on with this value.</summary>
    public static implicit operator Checkable<T>(T value) => new(true, value);
}

/// <summary>Settings that are switched off.</summary>
public static class Checkable
{
    /// <summary>Switched off, with a value that LM Studio keeps for when it is switched on.</summary>
    public static Checkable<T> Off<T>(T value) => new(false, value);
}

/// <summary>A share from 0 to 1, <see cref="Max"/> or <see cref="Off"/>.</summary>
public readonly record struct OffloadRatio
{
    private readonly string? word;
    private readonly double share;

    private OffloadRatio(string? word, double share) => (this.word, this.share) = (word, share);

    /// <summary>As much as possible.</summary>
    public static OffloadRatio Max { get; } = new("max", 1);

    /// <summary>Nothing.</summary>
    public static OffloadRatio Off { get; } = new("off", 0);

    /// <summary>The share as a number: 1 for <see cref="Max"/>, 0 for <see cref="Off"/>.</summary>
    public double Share => share;

    /// <summary>A share from 0 to 1.</summary>
    public static OffloadRatio Of(double share) =>
        share is >= 0 and <= 1 ? new OffloadRatio(null, share) : throw new ArgumentOutOfRangeException(nameof(share), share, "The ratio must lie between 0 and 1.");

    /// <summary>A share from 0 to 1.</summary>
    public static implicit operator OffloadRatio(double share) => Of(share);

    internal JsonElement ToJson() => word is null ? KvValue.Of(share) : KvValue.Of(word);
}
