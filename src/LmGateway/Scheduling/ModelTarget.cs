namespace LmGateway.Scheduling;

/// <summary>
/// What a request wants to run on: any instance of a model, the least busy one first, or, with <paramref name="Identifier"/>, exactly one.
/// </summary>
internal readonly record struct ModelTarget(string Backend, string ModelKey, string? Identifier = null);
