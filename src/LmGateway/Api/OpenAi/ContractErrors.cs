using LmGateway.Vocabulary;

namespace LmGateway.Api.OpenAi;

/// <summary>The provider contract's own words for failures to reach the provider, before those that say why.</summary>
internal static class ContractErrors
{
    public static GatewayError Reword(GatewayError error) => error.Code switch
    {
        ErrorCode.BackendUnreachable => error with { Message = $"Failed to connect to inference provider: {error.Message}" },
        ErrorCode.BackendTimeout => error with { Message = $"Request to inference provider timed out: {error.Message}" },
        _ => error,
    };
}
