using System.Globalization;

namespace LmGateway.Configuration;

/// <summary>A value that was read, or what was wrong with it.</summary>
internal readonly record struct Reading(object? Value, string? Offender, string? Fix)
{
    public static Reading Of(object value) => new(value, null, null);

    /// <param name="offender">The text that does not fit: of a list, the one item.</param>
    /// <param name="fix">What would fit.</param>
    public static Reading Refused(string offender, string fix) => new(null, offender, fix);
}

/// <summary>Turns what was written into a setting's type.</summary>
internal static class ValueReader
{
    private static readonly char[] Separators = [',', ';'];

    public static Reading Read(SettingDefinition setting, RawValue raw, PathVariables paths)
    {
        if (setting.IsList) return ReadList(setting, raw, paths);
        return raw.Items is null
            ? ReadOne(setting, raw.Text, paths)
            : Reading.Refused(raw.Text, $"{SettingExpectation.Values(setting)} is expected, not a list");
    }

    private static Reading ReadList(SettingDefinition setting, RawValue raw, PathVariables paths)
    {
        var items = raw.Items ?? raw.Text.Split(Separators, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var values = new List<string>(items.Count);
        foreach (var item in items)
        {
            var reading = ReadText(setting, item, paths);
            if (reading.Fix is not null) return reading;
            values.Add((string)reading.Value!);
        }

        return Reading.Of(values.AsReadOnly());
    }

    private static Reading ReadOne(SettingDefinition setting, string text, PathVariables paths)
    {
        var type = setting.ValueType;
        if (type == typeof(string)) return ReadText(setting, text, paths);
        object? value =
            type == typeof(bool) ? ReadFlag(text)
            : type == typeof(int) ? ReadWhole(setting.About, text) is { } number && number is >= int.MinValue and <= int.MaxValue ? (int)number : null
            : type == typeof(long) ? ReadWhole(setting.About, text)
            : type == typeof(double) ? ReadNumber(setting.About, text)
            : ReadName(type, text);
        return value is null ? Reading.Refused(text, SettingExpectation.Of(setting)) : Reading.Of(value);
    }

    private static bool? ReadFlag(string text) => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" or "1" => true,
        "false" or "no" or "off" or "0" => false,
        _ => null,
    };

    private static long? ReadWhole(SettingAttribute about, string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= about.Min && value <= about.Max ? value : null;

    private static double? ReadNumber(SettingAttribute about, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            && value >= about.Min && value <= about.Max ? value : null;

    /// <summary>Names only: numbers, which enums also parse, are not what the documentation says.</summary>
    private static object? ReadName(Type type, string text) =>
        Array.Find(Enum.GetNames(type), name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name ? Enum.Parse(type, name) : null;

    private static Reading ReadText(SettingDefinition setting, string text, PathVariables paths)
    {
        var about = setting.About;
        if (about.Form == SettingForm.Path)
            return paths.Expand(text, out var unknown) is { } path
                ? Reading.Of(path)
                : Reading.Refused(text, $"the variable {unknown} is not set; set it or write the path in full");
        var value =
            about.OneOf.Length > 0 ? Array.Find(about.OneOf, name => name.Equals(text, StringComparison.OrdinalIgnoreCase))
            : about.Secret ? text.All(letter => letter is > ' ' and <= '~') ? text : null
            : Canonical(about.Form, text);
        return value is null ? Reading.Refused(about.Secret ? "***" : about.Form == SettingForm.NatsServers ? NatsServerList.Masked(text) : text, SettingExpectation.Of(setting)) : Reading.Of(value);
    }

    private static string? Canonical(SettingForm form, string text) => form switch
    {
        SettingForm.BaseUrl => BaseUrl.Normalise(text),
        SettingForm.BindHost => ListenAddress.ParseHost(text),
        SettingForm.ListenUrl => ListenAddress.TryParse(text, out var address) ? address.ToString() : null,
        SettingForm.CallerRange => text == AddressRange.Everyone ? text : AddressRange.Canonical(text),
        SettingForm.AddressRange => AddressRange.Canonical(text),
        SettingForm.WebOrigin => WebOrigin(text),
        SettingForm.HostName => HostName(text),
        SettingForm.Backend => BackendEntry.Parse(text)?.ToString(),
        SettingForm.BackendKind => BringUpOptions.BackendNamed(text),
        SettingForm.NatsServers => NatsServerList.Canonical(text),
        SettingForm.NatsName => text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_') ? text : null,
        _ => text,
    };

    /// <summary>An origin as browsers send it, without a trailing slash.</summary>
    private static string? WebOrigin(string text)
    {
        if (text == "*") return text;
        var origin = text.TrimEnd('/');
        return Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Host.Length > 0 && uri.UserInfo.Length == 0
            && origin[(origin.IndexOf("://", StringComparison.Ordinal) + 3)..].IndexOfAny(['/', '?', '#']) < 0
                ? origin
                : null;
    }

    private static string? HostName(string text) =>
        Uri.TryCreate($"http://{text}", UriKind.Absolute, out var uri) && uri.PathAndQuery == "/" && !text.Contains('/', StringComparison.Ordinal)
            && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0
                ? text.ToLowerInvariant()
                : null;
}
