using LmGateway.Vocabulary;
using LmStudio.Client;
using LmStudio.Client.Cli;
using LmStudio.Client.Wire;

namespace LmGateway.Backends.LmStudio;

/// <summary>What LM Studio's failures mean to the gateway. Nowhere else is one of its exceptions read.</summary>
internal static class LmStudioErrors
{
    public static GatewayException From(LmStudioException failure, string backend, ErrorCode otherwise) =>
        new(Error(failure, otherwise) with { Backend = backend }, failure);

    private static GatewayError Error(LmStudioException failure, ErrorCode otherwise) => failure switch
    {
        LmStudioConnectionException { UnderWay: true } => new(ErrorCode.BackendUnreachable, $"{failure.Message} The request that was under way may have been carried out.") { RetryAfter = TimeSpan.FromSeconds(5) },
        LmStudioConnectionException => new(ErrorCode.ControlUnavailable, failure.Message) { RetryAfter = TimeSpan.FromSeconds(5) },
        LmStudioAuthenticationException => new(ErrorCode.BackendUnauthorized, $"LM Studio refused the gateway: {failure.Message} Set lmstudio.api_token (LM_API_TOKEN) to a token made in LM Studio."),
        LmStudioTimeoutException => new(ErrorCode.BackendTimeout, failure.Message),
        LmStudioEndpointMissingException => new(ErrorCode.NotSupported, $"This LM Studio cannot do that: {failure.Message}"),
        LmStudioRequestException refused => Refusal(refused, otherwise),
        LmStudioHttpException http => Http(http, otherwise),
        LmsException program => Program(program, otherwise),
        _ => new(ErrorCode.BackendFault, failure.Message),
    };

    private static GatewayError Refusal(LmStudioRequestException refused, ErrorCode otherwise) => refused.Details switch
    {
        LmStudioErrorDetails.PathNotFound missing => new(ErrorCode.ModelNotFound, $"Model not found: {missing.Path}"),
        LmStudioErrorDetails.IdentifierNotFound missing => new(ErrorCode.ModelNotFound, $"Model not found: {missing.Identifier}"),
        LmStudioErrorDetails.NoModelMatchingQuery or LmStudioErrorDetails.SpecificModelUnloaded => new(ErrorCode.ModelNotFound, refused.Message),
        LmStudioErrorDetails.DomainMismatch wrong => new(ErrorCode.InvalidRequest, $"The model is of the kind '{wrong.ActualDomain}', not '{wrong.ExpectedDomain}'."),
        _ => Wording(refused.Message, otherwise),
    };

    private static GatewayError Http(LmStudioHttpException http, ErrorCode otherwise) => http.StatusCode switch
    {
        401 or 403 => new(ErrorCode.BackendUnauthorized, $"LM Studio refused the gateway: {http.Message} Set lmstudio.api_token (LM_API_TOKEN)."),
        404 => new(ErrorCode.ModelNotFound, http.Message),
        _ => Wording(http.Message, otherwise),
    };

    private static GatewayError Program(LmsException program, ErrorCode otherwise) => program.Failure switch
    {
        LmsFailure.NotInstalled or LmsFailure.NotRunning => new(ErrorCode.ControlUnavailable, program.Message),
        LmsFailure.TimedOut => new(ErrorCode.BackendTimeout, program.Message),
        LmsFailure.ModelNotFound or LmsFailure.IdentifierNotFound => new(ErrorCode.ModelNotFound, program.Message),
        _ => new(otherwise, program.Message),
    };

    /// <summary>LM Studio gives these two failures no code, so only their words tell them apart.</summary>
    private static GatewayError Wording(string message, ErrorCode otherwise)
    {
        if (message.Contains("already exists", StringComparison.OrdinalIgnoreCase))
            return new(ErrorCode.IdentifierTaken, $"{message} Use another instanceId, or unload it first.");
        if (message.Contains("insufficient system resources", StringComparison.OrdinalIgnoreCase) || message.Contains("out of memory", StringComparison.OrdinalIgnoreCase))
            return new(ErrorCode.InsufficientMemory, message);
        return new(otherwise, message);
    }
}
