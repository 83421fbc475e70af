using System.Reflection;

namespace LmGateway.Vocabulary;

/// <summary>Which LmGateway this is.</summary>
internal static class ProductVersion
{
    /// <summary>The version without what the build appends to it: <c>1.2.0</c>.</summary>
    public static string Current { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
