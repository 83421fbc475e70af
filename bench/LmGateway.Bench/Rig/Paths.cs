namespace LmGateway.Bench.Rig;

/// <summary>Where everything lies that a run starts; <c>bench/run</c> has built it.</summary>
internal static class Paths
{
    public static string Repository { get; } = FindRepository();

    public static string Built { get; } = Path.Combine(Repository, "artifacts", "bench");

    public static string Native(string program) => Path.Combine(Built, program);

    /// <summary>The service as published.</summary>
    public static string Gateway { get; } = Path.Combine(Built, "service", "lmgateway");

    public static string Forwarder { get; } = Path.Combine(Built, "forwarder", "forwarder");

    public static string LeanNatsBench { get; } = Path.Combine(Repository, "artifacts", "bin", "LeanNats.Bench", "release", "LeanNats.Bench.dll");

    public static string Portkey { get; } = Path.Combine(Repository, "bench", "portkey", "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");

    /// <summary>A folder for what one run leaves behind: logs, states, bodies.</summary>
    public static string Scratch { get; } = Directory.CreateTempSubdirectory("lmgateway-bench-").FullName;

    /// <summary>Where servers are started: logs that grow in the folder whose settings a service watches would keep it busy.</summary>
    public static string Emptiness { get; } = Directory.CreateDirectory(Path.Combine(Scratch, "start")).FullName;

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "LmGateway.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("bench/run must be started inside the repository.");
        return folder;
    }
}
