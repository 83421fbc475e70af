using System.Globalization;
using LmGateway.Configuration;
using LmGateway.State;

namespace LmGateway.Cli.Doctor;

/// <summary>The folders that the service writes to: whether it may, and whether there is room.</summary>
internal sealed class FolderCheck(GatewayOptions options, Func<string, long?> freeSpace)
{
    private const long LeastForState = 10_000_000;
    private const long LeastForModels = 1_000_000_000;
    private const long LittleForModels = 10_000_000_000;

    /// <param name="withModels">Models are kept on this machine.</param>
    public IEnumerable<Finding> Run(bool withModels)
    {
        yield return State();
        if (withModels) yield return Models(options.LmStudio.ModelsFolder);
    }

    /// <summary>The folder of what survives a restart.</summary>
    public Finding State()
    {
        const string Check = "state folder";
        var folder = StateFolder.Locate(options);
        if (WhyNotWritable(folder) is { } reason)
            return new Finding(Check, FindingLevel.Broken, "state_not_writable", $"{folder} cannot be written: {reason}", "Give it to the service's user (chown), or choose another: LMGATEWAY_STATE_DIR");
        return Free(folder) is { } free && free < LeastForState
            ? new Finding(Check, FindingLevel.Broken, "disk_full", $"The disk of {folder} is full ({Size(free)} free).", "Make room, or choose another disk: LMGATEWAY_STATE_DIR")
            : Finding.Ok(Check, $"{folder} can be written.");
    }

    private Finding Models(string folder)
    {
        const string Check = "models folder";
        if (!Directory.Exists(folder) && Free(folder) is not < LeastForModels)
            return new Finding(Check, FindingLevel.Note, "models_folder_missing", $"There is no folder {folder}.", "LM Studio makes it with its first download. Where its models lie elsewhere, set LMSTUDIO_MODELS_DIR");
        if (Directory.Exists(folder) && WhyNotWritable(folder) is { } reason)
            return new Finding(Check, FindingLevel.Problem, "models_not_writable", $"{folder} cannot be written: {reason} Models cannot be deleted, nor copied into it.", "Run the service as LM Studio's user, give that folder to its user, or correct LMSTUDIO_MODELS_DIR");
        return Free(folder) switch
        {
            < LeastForModels and var free => new Finding(Check, FindingLevel.Problem, "disk_full", $"The disk of {folder} is full ({Size(free)} free): downloads will fail.", "Delete models: lmgateway models rm MODEL; or keep them on another disk (in LM Studio: My Models, and LMSTUDIO_MODELS_DIR)"),
            < LittleForModels and var free => new Finding(Check, FindingLevel.Note, "disk_little", $"{Size(free)} are free on the disk of {folder}: not enough for most models.", "Delete models that are not used: lmgateway models rm MODEL"),
            var free => Finding.Ok(Check, $"{folder} can be written{(free is { } known ? $", {Size(known)} free" : "")}."),
        };
    }

    /// <summary>Tried in earnest, with a file that is gone again; what was not there before is not there after.</summary>
    private static string? WhyNotWritable(string folder)
    {
        var missing = Missing(folder);
        try
        {
            Directory.CreateDirectory(folder);
            using (new FileStream(Path.Combine(folder, $".doctor-{Environment.ProcessId}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
            }

            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return fault.Message;
        }
        finally
        {
            Remove(missing);
        }
    }

    /// <summary>Folders that somebody uses meanwhile stay.</summary>
    private static void Remove(List<string> made)
    {
        try
        {
            foreach (var folder in made.Where(Directory.Exists)) Directory.Delete(folder);
        }
        catch (IOException)
        {
            // It is not empty any more, and so are not those above it.
        }
    }

    /// <summary>The folder and those above it that are not there, the innermost first.</summary>
    private static List<string> Missing(string folder)
    {
        var missing = new List<string>();
        for (var at = Path.GetFullPath(folder); at is not null && !Path.Exists(at); at = Path.GetDirectoryName(at)) missing.Add(at);
        return missing;
    }

    private long? Free(string folder)
    {
        var missing = Missing(folder);
        return freeSpace(missing.Count == 0 ? folder : Path.GetDirectoryName(missing[^1]) ?? folder);
    }

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB");
}
