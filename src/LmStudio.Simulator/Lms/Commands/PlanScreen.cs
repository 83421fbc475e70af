using System.Text.Json;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary>The picture of a download plan, drawn anew at every change; in a pipe the pictures pile up.</summary>
internal sealed class PlanScreen(LmsTerminal terminal, bool confirmed)
{
    private bool _begun;

    /// <summary>The key of the model that the plan found on disk, or null.</summary>
    public string? AlreadyOwned { get; private set; }

    public void Resolving(JsonElement plan)
    {
        var node = plan.GetProperty("nodes")[0];
        var spin = terminal.Spin();
        var isArtifact = node.GetProperty("type").ValueEquals("artifact");
        Begin(isArtifact ? Name(node) : "Concrete Model", spin);
        var work = isArtifact ? $"{Name(node)} - Resolving..." : "Finding options based on your system... (0/1)";
        Draw($"   {terminal.Spin()} {work}", $"{spin} Resolving download plan...");
    }

    public void Ready(JsonElement plan)
    {
        var node = plan.GetProperty("nodes")[0];
        if (node.TryGetProperty("alreadyOwned", out var owned)) AlreadyOwned = owned.GetProperty("modelKey").GetString();
        var size = LmsText.DecimalSize(plan.GetProperty("downloadSizeBytes").GetInt64());
        if (plan.GetProperty("downloadAction").ValueEquals("none"))
            Draw("   ✓ Already downloaded", "Resolution completed.");
        else
            Draw($"   ↓ To download: {What(node)}", confirmed ? $"Resolution completed. Downloading {size}..." : $"About to download {size}.");
        terminal.Write("\e[?25h");
    }

    private void Begin(string name, char spin)
    {
        if (_begun) return;
        _begun = true;
        terminal.Write("\e[?25l");
        Draw($"   ⧗ {name} - Pending...", $"{spin} Resolving download plan...");
    }

    private void Draw(string node, string state)
    {
        foreach (var line in (string[])["", node, "", state]) terminal.Write($"\r{line}\e[0K\n");
    }

    private static string What(JsonElement node)
    {
        if (node.GetProperty("type").ValueEquals("artifact")) return $"model {Name(node)} - {Size(node)}";
        var file = node.GetProperty("selected");
        return $"{Text(file, "displayName")} {Text(file, "quantName")} [{Text(file, "compatibilityType").ToUpperInvariant()}] - {Size(file)}";
    }

    private static string Size(JsonElement element) => LmsText.DecimalSize(element.GetProperty("sizeBytes").GetInt64());

    private static string Name(JsonElement node) => $"{Text(node, "owner")}/{Text(node, "name")}";

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
