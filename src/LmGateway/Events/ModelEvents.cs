using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Events;

/// <summary>A model, on its backend, and the instance of it that an event is about.</summary>
/// <param name="Backend">Where it is; null where no backend was found to have it.</param>
/// <param name="ModelKey">The model.</param>
/// <param name="InstanceId">The instance; null where it has no name yet.</param>
internal readonly record struct ModelSubject(string? Backend, string ModelKey, string? InstanceId)
{
    internal void Write(Utf8JsonWriter json)
    {
        json.WriteString("modelKey", ModelKey);
        json.WriteString("instanceId", InstanceId);
        json.WriteKnown("backend", Backend);
    }
}

/// <summary>A load begins, by hand or for a request that waits.</summary>
internal sealed record ModelLoadStarted(ModelSubject Model, LoadSettings Settings, bool OnDemand) : GatewayEvent("model.load.start")
{
    public override void WriteMembers(Utf8JsonWriter json)
    {
        Model.Write(json);
        json.WriteLoadConfig(Settings);
        json.WriteBoolean("onDemand", OnDemand);
    }
}

/// <summary>How far a load is, from 0 to 1.</summary>
internal sealed record ModelLoadProgressed(ModelSubject Model, double Fraction) : GatewayEvent("model.load.progress")
{
    public override void WriteMembers(Utf8JsonWriter json)
    {
        Model.Write(json);
        json.WriteNumber("progress", Math.Round(Fraction * 100, 1));
        json.WriteNumber("progressRaw", Fraction);
    }
}

/// <summary>A model is loaded. Where somebody else loaded it, no time is known, and <see cref="Origin"/> says so.</summary>
internal sealed record ModelLoaded(ModelSubject Model, ModelChangeOrigin Origin) : GatewayEvent("model.load.complete")
{
    public bool Activated { get; init; }
    public TimeSpan? Took { get; init; }
    public LoadSettings Settings { get; init; } = LoadSettings.None;
    public IReadOnlyList<string> NotApplied { get; init; } = [];

    /// <summary>The request that ordered it by hand.</summary>
    public string? RequestId { get; init; }

    public override void WriteMembers(Utf8JsonWriter json)
    {
        Model.Write(json);
        json.WriteBoolean("activated", Activated);
        json.WriteMilliseconds("totalTimeMs", Took);
        json.WriteLoadConfig(Settings);
        json.WriteTexts("notApplied", NotApplied);
        json.WriteString("origin", EventWords.Of(Origin));
        json.WriteKnown("requestId", RequestId);
    }
}

/// <summary>A load failed, or was cancelled because nobody wanted it any more.</summary>
internal sealed record ModelLoadFailed(ModelSubject Model, GatewayError Error, TimeSpan Took)
    : GatewayEvent(Error.Code == ErrorCode.Cancelled ? "model.load.cancelled" : "model.load.failed")
{
    public override string Name => Error.Code == ErrorCode.Cancelled ? base.Name : "error";

    public override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("operation", "model_load");
        Model.Write(json);
        json.WriteString("error", Error.Message);
        json.WriteString("code", EventWords.Of(Error.Code));
        json.WriteMilliseconds("totalTimeMs", Took);
    }
}

internal sealed record ModelUnloadStarted(ModelSubject Model, ModelChangeOrigin Origin) : GatewayEvent("model.unload.start")
{
    public override void WriteMembers(Utf8JsonWriter json)
    {
        Model.Write(json);
        json.WriteString("origin", EventWords.Of(Origin));
    }
}

/// <summary>An instance is gone. Where the gateway did not unload it, no time is known.</summary>
internal sealed record ModelUnloaded(ModelSubject Model, ModelChangeOrigin Origin) : GatewayEvent("model.unload.complete")
{
    public TimeSpan? Took { get; init; }

    public override void WriteMembers(Utf8JsonWriter json)
    {
        Model.Write(json);
        json.WriteMilliseconds("totalTimeMs", Took);
        json.WriteString("origin", EventWords.Of(Origin));
    }
}

internal sealed record ModelUnloadFailed(ModelSubject Model, GatewayError Error, TimeSpan Took) : GatewayEvent("model.unload.failed")
{
    public override string Name => "error";

    public override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("operation", "model_unload");
        Model.Write(json);
        json.WriteString("error", Error.Message);
        json.WriteString("code", EventWords.Of(Error.Code));
        json.WriteMilliseconds("totalTimeMs", Took);
    }
}

/// <summary>Requests that name no model get this one from here on; none, where there is none any more.</summary>
internal sealed record ModelActivated(ActiveModel? Active) : GatewayEvent(Active is null ? "model.deactivate" : "model.activate")
{
    public override void WriteMembers(Utf8JsonWriter json)
    {
        if (Active is not { } chosen) return;
        json.WriteString("modelKey", chosen.ModelKey);
        json.WriteString("instanceId", chosen.InstanceId);
        json.WriteDefaults("defaultInference", chosen.Defaults);
    }
}

/// <summary>Whose doing it is that a model came or went.</summary>
internal enum ModelChangeOrigin
{
    /// <summary>Somebody asked the gateway for it.</summary>
    Requested,
    /// <summary>The gateway did it for requests that waited: loaded on demand, or unloaded to make room.</summary>
    OnDemand,
    /// <summary>Not the gateway: another program, a person at the backend, or the backend itself.</summary>
    External,
}
