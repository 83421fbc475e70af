using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary>What a download would fetch: one node, the model itself or the hub's artifact that stands for it. Choices raise its version.</summary>
internal sealed class DownloadPlan(Downloads downloads, DownloadableModel model, DownloadOption selected)
{
    private int _version;

    public DownloadableModel Model { get; } = model;

    public DownloadOption Selected { get; private set; } = selected;

    /// <summary>Takes another of the model's files, if there is one of that number.</summary>
    public void Select(int index, int requestedVersion)
    {
        if (index >= 0 && index < Model.Options.Count) Selected = Model.Options[index];
        _version = Math.Max(_version, requestedVersion - 1);
    }

    /// <summary>The plan while its node is still being looked up.</summary>
    public JsonObject Fetching() => Plan(Node("fetching"), 0, "none");

    /// <summary>The plan when it can be committed to.</summary>
    public JsonObject Ready()
    {
        if (downloads.IsDownloaded(Model, Selected)) return Plan(Node("satisfied"), 0, "none");
        var running = downloads.Running(Model, Selected);
        var action = running is null ? "startNewDownload" : "attachToExistingDownload";
        return Plan(Node("completed"), Selected.SizeBytes, action).With("downloadJobIdentifier", running?.Id);
    }

    private JsonObject Plan(JsonObject node, long size, string action) => new()
    {
        ["nodes"] = new JsonArray(node),
        ["downloadSizeBytes"] = size,
        ["downloadAction"] = action,
        ["version"] = ++_version,
    };

    private JsonObject Node(string state) => Model.IsCatalog ? Artifact(state) : Concrete(state);

    private JsonObject Artifact(string state)
    {
        var node = new JsonObject { ["type"] = "artifact", ["owner"] = Model.Owner, ["name"] = Model.Name, ["state"] = state };
        if (state != "fetching") node.With("artifactType", "model").With("sizeBytes", Selected.SizeBytes);
        return node.With("dependencyNodes", new JsonArray());
    }

    private JsonObject Concrete(string state)
    {
        var node = new JsonObject { ["type"] = "model", ["state"] = state, ["dependencyLabel"] = Model.Id };
        return state switch
        {
            "fetching" => node.With("resolvedSources", 0).With("totalSources", 1),
            "satisfied" => node.With("alreadyOwned", File(Selected).With("modelKey", downloads.KeyOf(Model, Selected))),
            _ => node
                .With("selected", File(Selected))
                .With("downloadOptions", Json.List(Model.Options.Select(Option)))
                .With("selectedDownloadOptionIndex", IndexOf(Selected))
                .With("recommendedDownloadOptionIndex", IndexOf(Model.Option(null)!)),
        };
    }

    private JsonObject Option(DownloadOption option)
    {
        var availability = downloads.IsDownloaded(Model, option) ? "downloaded" : downloads.Running(Model, option) is null ? "notDownloaded" : "downloading";
        return File(option).With("fitEstimation", "fullGPUOffload").With("availability", availability).With("recommended", option.Recommended);
    }

    private JsonObject File(DownloadOption option) => new()
    {
        ["displayName"] = Model.Card.DisplayName ?? Model.Name,
        ["sizeBytes"] = option.SizeBytes,
        ["quantName"] = option.Quant,
        ["compatibilityType"] = "gguf",
    };

    private int IndexOf(DownloadOption option) => Model.Options.Select((candidate, index) => (candidate, index)).First(pair => pair.candidate == option).index;
}
