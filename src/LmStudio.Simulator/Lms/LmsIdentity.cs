using LmStudio.Simulator.WebSockets;

namespace LmStudio.Simulator.Lms;

/// <summary>Who <c>lms</c> says it is. On the same machine it is trusted, with an API token set too; against another host it is a guest.</summary>
internal static class LmsIdentity
{
    public static Credentials Local { get; } = new("lms-cli", "simulated-lms-key");

    public static Credentials Remote() => new($"lms-cli-remote-{Guid.NewGuid():N}", Guid.NewGuid().ToString("N"));
}
