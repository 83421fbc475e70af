using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>Which loaded model a request means: one instance for good, or whatever fits a query.</summary>
public sealed record ModelSpecifier
{
    private ModelSpecifier()
    {
    }

    /// <summary>Any loaded model of the namespace.</summary>
    public static ModelSpecifier Any { get; } = new();

    /// <summary>The reference of one instance, when the specifier names one.</summary>
    public string? InstanceReference { get; private init; }

    /// <summary>The identifier asked for, when the specifier is such a query.</summary>
    public string? Identifier { get; private init; }

    /// <summary>The path asked for, when the specifier is such a query.</summary>
    public string? Path { get; private init; }

    /// <summary>Exactly this load of a model; fails once it is unloaded.</summary>
    public static ModelSpecifier Instance(string instanceReference) => new() { InstanceReference = instanceReference };

    /// <summary>Whatever is loaded under this identifier.</summary>
    public static ModelSpecifier ByIdentifier(string identifier) => new() { Identifier = identifier };

    /// <summary>Whatever is loaded from this path.</summary>
    public static ModelSpecifier ByPath(string path) => new() { Path = path };

    /// <summary>Exactly this instance.</summary>
    public static implicit operator ModelSpecifier(InstanceInfo instance) => Instance(instance.InstanceReference);

    internal void Write(Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject(name);
        if (InstanceReference is not null)
        {
            writer.WriteString("type", "instanceReference");
            writer.WriteString("instanceReference", InstanceReference);
        }
        else
        {
            writer.WriteString("type", "query");
            writer.WriteStartObject("query");
            if (Identifier is not null) writer.WriteString("identifier", Identifier);
            if (Path is not null) writer.WriteString("path", Path);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
