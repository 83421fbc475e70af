using LmGateway.Configuration;

namespace LmGateway.Observability;

/// <summary>
/// The settings of the runtime that make a request cheap (decision 0006), and which of them are in force. The runtime reads them once: the sockets when
/// the first one is used, the thread pool at its first work. So they are set by the program itself, before either; no way of starting it can forget them.
/// What is set from outside, by the runtime's own names, wins.
/// </summary>
internal static class RuntimeSettings
{
    private const string InlineName = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string SpinName = "System.Threading.ThreadPool.UnfairSemaphoreSpinLimit";
    private const string SpinVariable = "DOTNET_ThreadPool_UnfairSemaphoreSpinLimit";

    /// <summary>What waits on a socket goes on, on the thread that reads the sockets.</summary>
    public static bool SocketsInline => Environment.GetEnvironmentVariable(InlineName) == "1";

    /// <summary>How long a thread of the pool looks for work before it sleeps; null is the runtime's own choice.</summary>
    public static string? Spin => Environment.GetEnvironmentVariable(SpinVariable) ?? AppContext.GetData(SpinName)?.ToString();

    /// <summary>To be called before the first socket and the first work of the thread pool; what comes too late is not done.</summary>
    public static void Apply(RuntimeOptions options)
    {
        if (!options.LowCpu) return;
        if (Environment.GetEnvironmentVariable(InlineName) is null) Environment.SetEnvironmentVariable(InlineName, "1");
        if (ThreadPool.ThreadCount == 0) AppContext.SetData(SpinName, 0);
    }
}
