using LmStudio.Client.Cli;

namespace LmGateway.Backends.LmStudio;

/// <summary>Where this LM Studio is: its name here, its address, and whether its program is on this machine.</summary>
internal sealed record LmStudioHomestead(string Node, string Backend, Uri Address, string? LmsPath)
{
    public (string Node, string Backend) Here => (Node, Backend);

    /// <summary>The <c>lms</c> program is there. Only its file is looked for: running it could start LM Studio.</summary>
    public bool HasCli() => Address.IsLoopback && new LmsCli(new LmsCliOptions { Program = LmsPath }).FindProgram() is not null;
}
