using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>The gateway's errors as NATS callers see them: a text for people and a stable <c>code</c> for programs.</summary>
internal static class NatsErrors
{
    /// <summary><c>model_not_found</c>, <c>queue_full</c>, …</summary>
    public static string Code(ErrorCode code) => EventWords.Of(code);

    public static string Text(GatewayError error) =>
        error.Details.Count > 0 && error.Code == ErrorCode.InvalidRequest ? $"{error.Message}: {string.Join("; ", error.Details)}" : error.Message;

    /// <summary>What programs look at, as fields of <c>data</c>.</summary>
    public static void WriteFacts(Utf8JsonWriter writer, GatewayError error)
    {
        writer.WriteString("code", Code(error.Code));
        if (error.Parameter is { } parameter) writer.WriteString("parameter", parameter);
        if (error.RetryAfter is { } pause) writer.WriteNumber("retry_after_ms", (long)pause.TotalMilliseconds);
        if (error.Details.Count == 0) return;
        writer.WriteStartArray("details");
        foreach (var detail in error.Details) writer.WriteStringValue(detail);
        writer.WriteEndArray();
    }
}

/// <summary>The failures for which the NATS service's document has words: in those words, or in English.</summary>
internal sealed class NatsTexts(LiveSettings settings)
{
    private bool IsPortuguese => settings.Current.Nats.ErrorLanguage == NatsErrorLanguage.Pt;

    public string PullFailed(string identifier, string why) =>
        IsPortuguese ? $"erro ao executar 'lms get {identifier}': {why}" : $"failed to execute 'lms get {identifier}': {why}";

    public string ModelNotFound(string model) => IsPortuguese ? $"modelo {model} não encontrado no LM Studio" : $"model {model} not found in LM Studio";

    public string EmptyPayload(string operation) => IsPortuguese ? $"payload vazio em {operation}" : $"empty payload in {operation}";
}
