using LmStudio.Client;
using LmStudio.Client.Cli;

namespace LmGateway.Backends.LmStudio;

/// <summary>Where this LM Studio is: its name here, its address, and whether its program is on this machine.</summary>
internal sealed record LmStudioHomestead(string Node, string Backend, Uri Address, string? LmsPath)
{
    public (string Node, string Backend) Here => (Node, Backend);

    /// <summary>The program, told which server is meant, so that it never starts one by itself.</summary>
    public LmsCli Lms { get; } = new(new LmsCliOptions { Program = LmsPath, Server = Address });

    /// <summary>LM Studio's folder for its own affairs.</summary>
    public string Folder { get; init; } = LmStudioHome.Find();

    /// <summary>LM Studio runs on this machine, as far as its address tells.</summary>
    public bool IsLocal => Address.IsLoopback;

    /// <summary>The <c>lms</c> program is there. Only its file is looked for: running it could start LM Studio.</summary>
    public bool HasCli() => IsLocal && Lms.FindProgram() is not null;
}
