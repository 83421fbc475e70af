using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>Every operation with one reply, the NATS service document's five first.</summary>
internal sealed class NatsOperations(
    ModelList list, ModelInference inference, ModelControl control, ModelStore store, NatsHealth health, LiveSettings settings)
{
    public IReadOnlyList<NatsOperation> All { get; } =
    [
        new("list_models", list.ListAsync) { Limit = () => TimeSpan.FromSeconds(settings.Current.Nats.ListTimeoutSeconds), Scope = KeyScopes.Inference },
        new("pull_model", store.PullAsync),
        new("delete_model", store.DeleteAsync) { Limit = () => TimeSpan.FromSeconds(settings.Current.Nats.DeleteTimeoutSeconds) },
        new("chat_model", inference.ChatAsync) { Limit = () => TimeSpan.FromSeconds(settings.Current.Nats.ChatTimeoutSeconds), IsInference = true, Scope = KeyScopes.Inference },
        new("sync_model_from_bucket", store.SyncAsync),
        new("load_model", control.LoadAsync),
        new("unload_model", control.UnloadAsync),
        new("activate_model", control.ActivateAsync),
        new("loaded_models", list.LoadedAsync) { Limit = () => TimeSpan.FromSeconds(settings.Current.Nats.ListTimeoutSeconds), Scope = KeyScopes.Inference },
        new("embed", inference.EmbedAsync) { Limit = () => TimeSpan.FromSeconds(settings.Current.Nats.ChatTimeoutSeconds), IsInference = true, Scope = KeyScopes.Inference },
        new("health", health.ReportAsync) { Limit = () => TimeSpan.FromSeconds(settings.Current.Nats.ListTimeoutSeconds), Scope = KeyScopes.Inference },
        new("job_status", store.StatusAsync) { IsMostlyRead = true },
        new("publish_model", store.PublishAsync),
    ];
}
