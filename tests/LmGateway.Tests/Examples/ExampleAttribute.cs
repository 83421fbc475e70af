namespace LmGateway.Tests.Examples;

/// <summary>Says which printed example of a source document a test runs. The name is that of its <see cref="Fence"/>.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ExampleAttribute(string document, string name) : Attribute
{
    public string Document { get; } = document;

    public string Name { get; } = name;
}
