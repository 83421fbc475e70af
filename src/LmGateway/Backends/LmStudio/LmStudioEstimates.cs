using LmGateway.Vocabulary;
using LmStudio.Client;
using LmStudio.Client.Wire;

namespace LmGateway.Backends.LmStudio;

/// <summary>What LM Studio reckons a load would need. Only its WebSocket tells.</summary>
internal sealed class LmStudioEstimates(string backend, LmStudioClient control)
{
    public async Task<LoadEstimate> EstimateAsync(LoadOrder order, CancellationToken cancellationToken)
    {
        try
        {
            return From(await AskAsync(order, cancellationToken));
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure, backend, ErrorCode.BackendFault);
        }
        catch (ArgumentException contradiction)
        {
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, contradiction.Message) { Parameter = "loadConfig" }, contradiction);
        }
    }

    private async Task<ModelUsageEstimate> AskAsync(LoadOrder order, CancellationToken cancellationToken)
    {
        var configuration = LmStudioMapping.Configuration(order.Settings);
        try
        {
            return await control.Llm.EstimateModelUsageAsync(order.ModelKey, configuration, cancellationToken);
        }
        catch (LmStudioRequestException refused) when (refused.Details is LmStudioErrorDetails.DomainMismatch { ActualDomain: "embedding" })
        {
            return await control.Embedding.EstimateModelUsageAsync(order.ModelKey, configuration, cancellationToken);
        }
    }

    private static LoadEstimate From(ModelUsageEstimate estimate) => new(estimate.PassesGuardrails)
    {
        Confidence = estimate.Memory.Confidence,
        ModelBytes = estimate.Memory.ModelBytes,
        ContextBytes = estimate.Memory.ContextBytes,
        TotalBytes = estimate.Memory.TotalBytes,
        VramBytes = estimate.Memory.TotalVramBytes,
    };
}
