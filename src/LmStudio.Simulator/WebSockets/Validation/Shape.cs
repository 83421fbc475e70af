using System.Text.Json;
using System.Text.RegularExpressions;

namespace LmStudio.Simulator.WebSockets.Validation;

/// <summary>
/// What a parameter must look like. A mismatch is described in the words of zod, which the protocol's servers and clients
/// validate with, because those words travel inside a <c>communicationWarning</c>.
/// </summary>
internal abstract partial record Shape
{
    /// <summary>Every mismatch of <paramref name="value"/>, as "- path: message" lines; empty when it fits. A null value is an absent one.</summary>
    public IReadOnlyList<string> Mismatches(JsonElement? value, string root)
    {
        var found = new List<string>();
        Check(value, root, found);
        return found;
    }

    /// <summary>May the key be left out of the object that holds it.</summary>
    protected internal virtual bool MayBeAbsent => false;

    protected internal abstract void Check(JsonElement? value, string path, List<string> found);

    protected static void Add(List<string> found, string path, string message) => found.Add($"- {path}: {message}");

    protected static void AddWrongType(List<string> found, string path, string expected, JsonElement? value) =>
        Add(found, path, value is null && expected != "void" ? "Required" : $"Expected {expected}, received {TypeName(value)}");

    private static string TypeName(JsonElement? value) => value?.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => "number",
        JsonValueKind.String => "string",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => "undefined",
    };

    /// <summary>The key must be absent: neither null nor an empty object will do.</summary>
    internal sealed record Void : Shape
    {
        protected internal override bool MayBeAbsent => true;

        protected internal override void Check(JsonElement? value, string path, List<string> found)
        {
            if (value is not null) AddWrongType(found, path, "void", value);
        }
    }

    internal sealed record Any : Shape
    {
        protected internal override bool MayBeAbsent => true;

        protected internal override void Check(JsonElement? value, string path, List<string> found)
        {
        }
    }

    internal sealed record Optional(Shape Inner) : Shape
    {
        protected internal override bool MayBeAbsent => true;

        protected internal override void Check(JsonElement? value, string path, List<string> found)
        {
            if (value is not null) Inner.Check(value, path, found);
        }
    }

    internal sealed record Nullable(Shape Inner) : Shape
    {
        protected internal override void Check(JsonElement? value, string path, List<string> found)
        {
            if (value?.ValueKind != JsonValueKind.Null) Inner.Check(value, path, found);
        }
    }

    internal sealed record Boolean : Shape
    {
        protected internal override void Check(JsonElement? value, string path, List<string> found)
        {
            if (value?.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) AddWrongType(found, path, "boolean", value);
        }
    }

    internal sealed partial record Text(int Min = 0, int Max = int.MaxValue, bool IsKey = false) : Shape
    {
        protected internal override void Check(JsonElement? value, string path, List<string> found)
        {
            if (value?.ValueKind != JsonValueKind.String)
            {
                AddWrongType(found, path, "string", value);
                return;
            }

            var text = value.Value.GetString()!;
            if (text.Length < Min) Add(found, path, $"String must contain at least {Min} character(s)");
            if (text.Length > Max) Add(found, path, $"String must contain at most {Max} character(s)");
            if (IsKey && text == "__proto__") Add(found, path, "For security reasons, \"__proto__\" is not allowed");
            if (IsKey && ControlCharacter().IsMatch(text)) Add(found, path, "Control characters are not allowed");
        }

        [GeneratedRegex(@"\p{C}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
        private static partial Regex ControlCharacter();
    }

    internal sealed record Number(double? Min = null, double? Max = null, bool Whole = false) : Shape
    {
        protected internal override void Check(JsonElement? value, string path, List<string> found)
        {
            if (value?.ValueKind != JsonValueKind.Number)
            {
                AddWrongType(found, path, "number", value);
                return;
            }

            var number = value.Value.GetDouble();
            if (Whole && Math.Floor(number) != number) Add(found, path, "Expected integer, received float");
            if (number < Min) Add(found, path, $"Number must be greater than or equal to {Min}");
            if (number > Max) Add(found, path, $"Number must be less than or equal to {Max}");
        }
    }

    internal sealed record OneOf(params string[] Names) : Shape
    {
        public static string Quoted(IEnumerable<string> names) => string.Join(" | ", names.Select(name => $"'{name}'"));

        protected internal override void Check(JsonElement? value, string path, List<string> found)
        {
            var options = Quoted(Names);
            if (value?.ValueKind != JsonValueKind.String)
                AddWrongType(found, path, options, value);
            else if (!Names.Contains(value.Value.GetString()))
                Add(found, path, $"Invalid enum value. Expected {options}, received '{value.Value.GetString()}'");
        }
    }

    internal sealed record ListOf(Shape Item) : Shape
    {
        protected internal override void Check(JsonElement? value, string path, List<string> found)
        {
            if (value?.ValueKind != JsonValueKind.Array)
            {
                AddWrongType(found, path, "array", value);
                return;
            }

            var index = 0;
            foreach (var item in value.Value.EnumerateArray()) Item.Check(item, $"{path}.{index++}", found);
        }
    }

    /// <summary>An object with these keys; others are ignored.</summary>
    internal sealed record Keys(params (string Name, Shape Shape)[] Fields) : Shape
    {
        protected internal override void Check(JsonElement? value, string path, List<string> found)
        {
            if (value?.ValueKind != JsonValueKind.Object)
            {
                AddWrongType(found, path, "object", value);
                return;
            }

            foreach (var (name, shape) in Fields)
            {
                JsonElement? field = value.Value.TryGetProperty(name, out var present) ? present : null;
                if (field is not null || !shape.MayBeAbsent) shape.Check(field, $"{path}.{name}", found);
            }
        }
    }

    /// <summary>An object whose other keys follow from the text under <paramref name="Discriminator"/>.</summary>
    internal sealed record Union(string Discriminator, params (string Name, Shape Shape)[] Cases) : Shape
    {
        protected internal override void Check(JsonElement? value, string path, List<string> found)
        {
            if (value?.ValueKind != JsonValueKind.Object)
            {
                AddWrongType(found, path, "object", value);
                return;
            }

            var name = value.Value.TryGetProperty(Discriminator, out var field) && field.ValueKind == JsonValueKind.String ? field.GetString() : null;
            var match = Cases.FirstOrDefault(candidate => candidate.Name == name).Shape;
            if (match is not null)
                match.Check(value, path, found);
            else
                Add(found, $"{path}.{Discriminator}", $"Invalid discriminator value. Expected {OneOf.Quoted(Cases.Select(each => each.Name))}");
        }
    }
}
