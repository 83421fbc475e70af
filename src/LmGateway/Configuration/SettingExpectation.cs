using System.Globalization;

namespace LmGateway.Configuration;

/// <summary>Says in words what a setting takes.</summary>
internal static class SettingExpectation
{
    /// <summary><c>a whole number from 0 to 65535 is expected, for instance 8000</c></summary>
    public static string Of(SettingDefinition setting)
    {
        var example = setting.About.Example ?? setting.Show(setting.Default);
        var verb = $"{Values(setting)} is expected";
        return example.Length == 0 || setting.About.Secret || setting.ValueType.IsEnum || setting.About.OneOf.Length > 0 || setting.ValueType == typeof(bool)
            ? verb
            : $"{verb}, for instance {example}";
    }

    /// <summary><c>a whole number from 0 to 65535</c></summary>
    public static string Values(SettingDefinition setting)
    {
        var type = setting.ValueType;
        if (type == typeof(bool)) return "true or false";
        if (type == typeof(int) || type == typeof(long)) return "a whole number" + Range(setting.About);
        if (type == typeof(double)) return "a number" + Range(setting.About);
        if (type.IsEnum) return OneOf(Enum.GetNames(type));
        if (setting.About.OneOf.Length > 0) return OneOf(setting.About.OneOf);
        if (setting.About.Secret) return "printable ASCII text";
        return Texts(setting.About.Form);
    }

    private static string Texts(SettingForm form) => form switch
    {
        SettingForm.Path => "a path",
        SettingForm.BaseUrl => "an http or https address without user name, query and fragment",
        SettingForm.BindHost => "an IP address, localhost or * (every interface)",
        SettingForm.ListenUrl => "an http address with a port and without a path",
        SettingForm.CallerRange => "an IP address, a network (CIDR) or *",
        SettingForm.AddressRange => "an IP address or a network (CIDR)",
        SettingForm.WebOrigin => "an origin (scheme://host, without a path) or *",
        SettingForm.Backend => $"[name=]kind[@address] with a kind of {string.Join(", ", BackendEntry.Kinds)}; openai and llama-server need the address",
        SettingForm.BackendKind => $"one of {string.Join(", ", BringUpOptions.Backends)}",
        SettingForm.ApiKey => $"name, sha256 (or key) and where wanted {string.Join(", ", KeyEntry.OptionalFields)}",
        SettingForm.HostName => "a host name or IP address, with or without a port",
        SettingForm.NatsServers => "servers (nats://host:port or tls://host:port, separated by commas) or off",
        SettingForm.NatsName => "a name of letters, digits, - and _",
        _ => "text",
    };

    private static string OneOf(string[] names) =>
        names is [var only] ? only : $"one of {string.Join(", ", names)}".ToLowerInvariant();

    private static string Range(SettingAttribute about)
    {
        var unit = about.Unit is null ? "" : $" ({about.Unit})";
        return (double.IsInfinity(about.Min), double.IsInfinity(about.Max)) switch
        {
            (true, true) => unit,
            (false, true) => $" of at least {Number(about.Min)}{unit}",
            (true, false) => $" of at most {Number(about.Max)}{unit}",
            _ => $" from {Number(about.Min)} to {Number(about.Max)}{unit}",
        };
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
