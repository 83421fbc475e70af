using System.Collections;
using System.Globalization;
using System.Reflection;

namespace LmGateway.Configuration;

/// <summary>One setting: what its attribute says, the names it goes by, and the property that holds it.</summary>
internal sealed class SettingDefinition
{
    private const string RulePrefix = "inference.";

    private readonly PropertyInfo? _section;
    private readonly PropertyInfo _property;

    public SettingDefinition(SettingAttribute about, PropertyInfo? section, PropertyInfo property, GatewayOptions defaults)
    {
        (About, _section, _property) = (about, section, property);
        ValueType = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        IsList = ValueType == typeof(IReadOnlyList<string>);
        Default = Get(defaults);
        Keys = [about.Key, .. about.KeyAliases];
        EnvironmentNames = [.. Keys.Select(ProductName).Concat(about.Aliases).Concat(Keys.Where(IsRuled).Select(RuledName)).Distinct()];
    }

    public SettingAttribute About { get; }
    public string Key => About.Key;

    /// <summary>The type without its question mark: text, int, long, double, bool, an enum, or a list of texts.</summary>
    public Type ValueType { get; }
    public bool IsList { get; }
    public object? Default { get; }

    /// <summary>The key and its aliases in the file, strongest first.</summary>
    public IReadOnlyList<string> Keys { get; }

    /// <summary>The names in the environment and in <c>.env</c>, strongest first; the first one is the product's own.</summary>
    public IReadOnlyList<string> EnvironmentNames { get; }

    /// <summary><c>scheduling.on_demand.ttl_seconds</c> is <c>LMGATEWAY_SCHEDULING__ON_DEMAND__TTL_SECONDS</c>.</summary>
    public static string ProductName(string key) => "LMGATEWAY_" + key.Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant();

    public object? Get(GatewayOptions options) => _property.GetValue(Owner(options));

    /// <summary>Sets the value on options that nobody else holds yet.</summary>
    public void Set(GatewayOptions options, object? value) => _property.SetValue(Owner(options), value);

    /// <summary>A value as a person reads it, and as the setting takes it; a secret is only said to be there.</summary>
    public string Show(object? value) => value switch
    {
        null or IReadOnlyCollection<string> { Count: 0 } => "",
        _ when About.Secret => "***",
        IEnumerable<string> entries when About.Form == SettingForm.ApiKey => string.Join(", ", entries.Select(KeyEntry.Masked)),
        string servers when About.Form == SettingForm.NatsServers => NatsServerList.Masked(servers),
        bool flag => flag ? "true" : "false",
        Enum name => name.ToString().ToLowerInvariant(),
        IEnumerable items and not string => string.Join(", ", items.Cast<string>()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private object Owner(GatewayOptions options) => _section is null ? options : _section.GetValue(options)!;

    private static bool IsRuled(string key) => key.StartsWith(RulePrefix, StringComparison.Ordinal);

    /// <summary>The provider document's rule: <c>inference.http.timeout_secs</c> is <c>INFERENCE_INFERENCE_HTTP_TIMEOUT_SECS</c>.</summary>
    private static string RuledName(string key) => "INFERENCE_" + key.Replace('.', '_').ToUpperInvariant();
}
