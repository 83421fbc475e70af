using System.Reflection;
using LmGateway.Backends;
using Xunit;

namespace LmGateway.Tests.Backends;

/// <summary>What crosses the seam between the gateway and a backend belongs to no web framework, so that a backend can be anywhere.</summary>
public sealed class SeamTests
{
    [Fact]
    public void No_type_of_a_web_framework_is_in_the_seam()
    {
        var seen = new HashSet<Type>();
        Visit(typeof(IBackend), seen);
        Assert.Contains(typeof(LmGateway.Vocabulary.Exchange), seen);
        Assert.Contains(typeof(LmGateway.Vocabulary.ChatEvent.ToolCall), seen);
        Assert.DoesNotContain(seen, type => type == typeof(Uri) || type.Namespace?.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) == true
            || type.Namespace?.StartsWith("System.Net", StringComparison.Ordinal) == true || type.Namespace?.StartsWith("LmStudio", StringComparison.Ordinal) == true);
    }

    /// <summary>Every type that a member of the type takes or gives, and so on through the gateway's own types.</summary>
    private static void Visit(Type type, HashSet<Type> seen)
    {
        if (type.HasElementType) type = type.GetElementType()!;
        if (!seen.Add(type)) return;
        foreach (var argument in type.GetGenericArguments()) Visit(argument, seen);
        if (type.Assembly != typeof(IBackend).Assembly) return;
        foreach (var nested in type.GetNestedTypes()) Visit(nested, seen);
        foreach (var property in type.GetProperties()) Visit(property.PropertyType, seen);
        foreach (var method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            Visit(method.ReturnType, seen);
            foreach (var parameter in method.GetParameters()) Visit(parameter.ParameterType, seen);
        }
    }
}
