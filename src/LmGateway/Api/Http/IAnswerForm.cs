using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Http;

/// <summary>What one API does about inference in its own way.</summary>
internal interface IAnswerForm
{
    /// <summary>Refuses a request that may not be asked, although it can be.</summary>
    void Check(PreparedInference prepared);

    /// <summary>A failure in the API's own words.</summary>
    GatewayError Reword(GatewayError error, InferenceCall call);

    /// <summary>The event that ends a stream which failed after it had begun and some events had passed.</summary>
    byte[] FailureEvent(GatewayError error, int passed, string requestId);
}
