namespace LmStudio.Client;

/// <summary>Where LM Studio keeps its files on this machine.</summary>
public static class LmStudioHome
{
    /// <summary>
    /// The home folder: what <c>~/.lmstudio-home-pointer</c> says, else the folder of old installations when it exists, else
    /// <c>~/.lmstudio</c>. The folder itself need not exist.
    /// </summary>
    public static string Find() => Find(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <summary>The same for another user's profile folder.</summary>
    public static string Find(string profileFolder)
    {
        var pointed = ReadPointer(Path.Combine(profileFolder, ".lmstudio-home-pointer"));
        if (!string.IsNullOrEmpty(pointed)) return pointed;
        var old = Path.Combine(profileFolder, ".cache", "lm-studio");
        return Directory.Exists(old) ? old : Path.Combine(profileFolder, ".lmstudio");
    }

    private static string? ReadPointer(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
