using LeanNats;
using LeanNats.JetStream;
using LeanNats.ObjectStore;
using LmGateway.Vocabulary;

namespace LmGateway.Nats;

/// <summary>What the failures of the object store mean to the gateway.</summary>
internal static class NatsErrors
{
    private const int Unavailable = 503;
    private static readonly TimeSpan SoonEnough = TimeSpan.FromSeconds(5);

    public static GatewayException From(NatsException failure, string bucket) => new(failure switch
    {
        NatsNoRespondersException => Away("NATS answers, but JetStream is not on there; the model repository needs it (jetstream {} in nats-server.conf)."),
        NatsObjNotFoundException missing => new(ErrorCode.ObjectNotFound, $"The bucket '{missing.Bucket}' has no object '{missing.Name}'."),
        NatsJSApiException refused => Refusal(refused.Error, bucket),
        NatsPayloadTooLargeException large => new(ErrorCode.TransferFailed, large.Message),
        NatsObjException or NatsJSException => new(ErrorCode.TransferFailed, failure.Message),
        _ => Away($"The model repository cannot be reached: {failure.Message}"),
    }, failure);

    private static GatewayError Refusal(ApiError error, string bucket) => error switch
    {
        { ErrCode: JSErrCode.StreamNotFound } => new(ErrorCode.ObjectNotFound, $"There is no bucket '{bucket}'. 'nats obj add {bucket}' makes one; publishing a model does too.") { Parameter = "bucket" },
        { ErrCode: JSErrCode.NotEnabled or JSErrCode.NotEnabledForAccount } or { Code: Unavailable } => Away($"JetStream is not there: {error.Description}."),
        _ => new(ErrorCode.TransferFailed, $"JetStream refuses: {error.Description} ({error.ErrCode})."),
    };

    private static GatewayError Away(string message) => new(ErrorCode.RepositoryUnavailable, message) { RetryAfter = SoonEnough };
}
