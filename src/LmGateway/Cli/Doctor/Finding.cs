namespace LmGateway.Cli.Doctor;

/// <summary>How bad it is, from nothing to worst.</summary>
internal enum FindingLevel
{
    Ok,

    /// <summary>Worth knowing; nothing needs to be done.</summary>
    Note,

    /// <summary>Something does not work now. The service starts all the same, and works once it is mended.</summary>
    Problem,

    /// <summary>The service cannot work as it is configured.</summary>
    Broken,
}

/// <summary>What one check came to.</summary>
/// <param name="Check">What was looked at: <c>LM Studio</c>, <c>port 8000</c>.</param>
/// <param name="Level">How bad it is.</param>
/// <param name="Code">A word for programs: <c>lmstudio_server_off</c>.</param>
/// <param name="Message">What was found, a sentence.</param>
/// <param name="Fix">What to do about it, with the command or setting; null where nothing needs to be done.</param>
internal sealed record Finding(string Check, FindingLevel Level, string Code, string Message, string? Fix = null)
{
    public static Finding Ok(string check, string message) => new(check, FindingLevel.Ok, "ok", message);
}
