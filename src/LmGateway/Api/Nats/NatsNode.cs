using LmGateway.Configuration;

namespace LmGateway.Api.Nats;

/// <summary>This process among all that answer on the same subjects.</summary>
internal sealed class NatsNode(LiveSettings settings)
{
    /// <summary>The node's name as one token of a subject, and as replies tell it.</summary>
    public string Id { get; } = Token(settings.Current.Node);

    /// <summary>The subject on which this node alone answers.</summary>
    public string Subject(string operation) => $"lmstudio.node.{Id}.{operation}";

    /// <summary>What cannot stand in a subject becomes a hyphen.</summary>
    private static string Token(string name) =>
        name.Length == 0 ? "node" : string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' ? letter : '-'));
}
