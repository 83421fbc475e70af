using System.Text.Json;
using System.Text.Json.Serialization;
using LmGateway.Events;
using LmGateway.State;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;

namespace LmGateway.Serving;

/// <summary>Remembers the active model, across restarts too. Reading it takes no lock.</summary>
internal sealed partial class ActiveModelState
{
    private const string FileName = "active-model.json";

    private readonly StateFolder folder;
    private readonly EventHub hub;
    private readonly ILogger<ActiveModelState> logger;
    private volatile ActiveModel? current;

    public ActiveModelState(StateFolder folder, EventHub hub, ILogger<ActiveModelState> logger)
    {
        this.folder = folder;
        this.hub = hub;
        this.logger = logger;
        current = Load();
    }

    public ActiveModel? Current => current;

    /// <summary>Takes effect at once; a disk that cannot be written to costs only the memory across restarts, and is logged.</summary>
    public async Task SetAsync(ActiveModel? model, CancellationToken cancellationToken)
    {
        current = model;
        hub.Publish(new ModelActivated(model));
        try
        {
            await folder.WriteAsync(FileName, model is null ? null : JsonSerializer.Serialize(model, StateJson.Default.ActiveModel), cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            LogNotSaved(fault.Message);
        }
    }

    /// <summary>Forgets the active model if it is this one.</summary>
    public Task ForgetAsync(string modelKey, string? instanceId, CancellationToken cancellationToken) =>
        current is { } active && active.ModelKey == modelKey && (active.InstanceId is null || instanceId is null || active.InstanceId == instanceId)
            ? SetAsync(null, cancellationToken)
            : Task.CompletedTask;

    private ActiveModel? Load()
    {
        if (folder.Read(FileName) is not { } text) return null;
        try
        {
            var saved = JsonSerializer.Deserialize(text, StateJson.Default.ActiveModel);
            if (!string.IsNullOrEmpty(saved?.ModelKey)) return saved with { Defaults = saved.Defaults ?? InferenceDefaults.None };
            folder.SetAside(FileName, "it names no model");
        }
        catch (JsonException fault)
        {
            folder.SetAside(FileName, fault.Message);
        }

        return null;
    }

    [LoggerMessage(LogLevel.Warning, "The active model is not remembered across a restart: {Reason}")]
    private partial void LogNotSaved(string reason);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(ActiveModel))]
internal sealed partial class StateJson : JsonSerializerContext;
