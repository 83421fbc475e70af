using LmGateway.Api.Http;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>Reads the small payloads of the model operations. Nothing at all counts as an empty object; unknown fields are ignored.</summary>
internal static class NatsFields
{
    private static readonly string[] ModelNames = ["model", "model_id", "model_key", "identifier"];

    /// <param name="payload">What came.</param>
    /// <param name="operation">As messages name it: <c>PullModel</c>.</param>
    public static JsonFields Of(ReadOnlyMemory<byte> payload, string operation)
    {
        try
        {
            return JsonFields.Of(payload);
        }
        catch (GatewayException invalid)
        {
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, $"invalid JSON in {operation}: {string.Join("; ", invalid.Error.Details)}"), invalid);
        }
    }

    /// <summary>The model by the operation's own name for it, else by the name that another operation has.</summary>
    public static string Model(JsonFields fields, string name)
    {
        var model = fields.Text([name, .. ModelNames]);
        fields.ThrowOnFaults();
        return model ?? throw Required(name);
    }

    public static GatewayException Required(string name, string operation = "") =>
        new(new GatewayError(ErrorCode.InvalidRequest, $"'{name}' is required{(operation.Length > 0 ? $" in {operation}" : "")}") { Parameter = name });
}
