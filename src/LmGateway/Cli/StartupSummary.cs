using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary>What a person sees when the service has started: where it listens, what is on, where the settings came from.</summary>
internal static class StartupSummary
{
    public static void Write(TextWriter output, LoadedSettings settings, IReadOnlyList<string> addresses, Uri? simulator)
    {
        var options = settings.Options;
        output.WriteLine(simulator is null ? "LmGateway is up." : "LmGateway is up, against a simulated LM Studio.");
        output.WriteLine($"  listening   {string.Join(", ", addresses)}");
        output.WriteLine($"  backend     lmstudio at {options.LmStudio.BaseUrl} ({settings.Effective["lmstudio.base_url"].Source.Text})");
        output.WriteLine($"  APIs        /v1 (OpenAI, Anthropic messages), /api/v0 and /api/v1 (LM Studio), /admin, /health");
        output.WriteLine($"  access      {Access(options.Security)}");
        foreach (var setting in settings.Effective)
            if (setting.Source.Layer != LayerKind.Default && setting.Key != "lmstudio.base_url") output.WriteLine($"  setting     {setting.Key} = {setting.Text} ({setting.Source.Text})");
        foreach (var warning in settings.Warnings) output.WriteLine($"  warning     {warning}");
        if (simulator is not null) WriteCommands(output, addresses.Count > 0 ? addresses[0] : "http://127.0.0.1:8000");
        output.WriteLine("Press Ctrl+C to stop.");
        output.Flush();
    }

    private static string Access(SecurityOptions security)
    {
        var key = security.ApiKey is null ? "no key" : "key required";
        return security.IpAllowlist is ["*"] ? key : $"{key}, from {string.Join(", ", security.IpAllowlist)}";
    }

    private static void WriteCommands(TextWriter output, string address)
    {
        output.WriteLine();
        output.WriteLine("Try:");
        output.WriteLine($"  curl {address}/v1/models");
        output.WriteLine($"  curl -N {address}/v1/chat/completions -H 'Content-Type: application/json' -d '{{\"model\":\"qwen2-1.5b-instruct\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"count to 5\"}}]}}'");
        output.WriteLine($"  curl {address}/admin/models");
        output.WriteLine();
    }
}
