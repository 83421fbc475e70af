using System.Text.Json;
using LmStudio.Client;
using LmStudio.Client.Cli;

namespace LmGateway.Cli.Doctor;

/// <summary>What the checks look at besides the settings: the neighbours, this user's LM Studio, and how much space a folder's disk has.</summary>
internal sealed record Surroundings
{
    public required Neighbours Neighbours { get; init; }

    public required string LmStudioHome { get; init; }

    public required LmsCli Lms { get; init; }

    /// <summary>Free bytes for this user where the folder lies; null where the system does not tell.</summary>
    public Func<string, long?> FreeSpace { get; init; } = FreeOn;

    /// <summary>The port that LM Studio's server used last; null where it has left no word of it.</summary>
    public int? LmStudioPort => ReadPort(Path.Combine(LmStudioHome, ".internal", "http-server-config.json"));

    public static Surroundings Of(CommandSurroundings command, string? lmsPath, Neighbours neighbours)
    {
        var user = command.Environment.GetValueOrDefault(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME") is { Length: > 0 } folder ? folder : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var home = global::LmStudio.Client.LmStudioHome.Find(user);
        return new Surroundings { Neighbours = neighbours, LmStudioHome = home, Lms = new LmsCli(new LmsCliOptions { Program = lmsPath, HomeFolder = home }) };
    }

    private static int? ReadPort(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("port", out var port) && port.TryGetInt32(out var number) && number is > 0 and <= ushort.MaxValue ? number : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static long? FreeOn(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
