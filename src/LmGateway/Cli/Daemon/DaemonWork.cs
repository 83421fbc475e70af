using System.Diagnostics;
using LmGateway.Backends;

namespace LmGateway.Cli.Daemon;

/// <summary>Carries a plan out, or only shows it. Done twice it changes nothing; what it did not write it does not remove.</summary>
internal sealed class DaemonWork(DaemonPlan plan, DaemonTold told, bool isRehearsal)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public async Task InstallAsync(CancellationToken cancellationToken)
    {
        RequireProgram();
        if (plan.File is { } file) Write(file);
        foreach (var command in plan.Install) await RunAsync(command, cancellationToken);
    }

    /// <summary>False where there was nothing to remove.</summary>
    public async Task<bool> UninstallAsync(CancellationToken cancellationToken)
    {
        if (plan.File is { } file)
        {
            if (!File.Exists(file.Path) && !isRehearsal) return false;
            RequireOurs(file.Path, "It is left alone.");
        }

        RequireProgram();
        foreach (var command in plan.Uninstall) await RunAsync(command, cancellationToken);
        if (plan.File is { } written)
        {
            told.Add("removed", written.Path);
            if (!isRehearsal) File.Delete(written.Path);
        }

        foreach (var command in plan.Afterwards) await RunAsync(command, cancellationToken);
        return true;
    }

    /// <summary>What the manager says of it: its exit code and words.</summary>
    public async Task<(int Code, string Said)> StatusAsync(CancellationToken cancellationToken)
    {
        RequireProgram();
        return await RunQuietlyAsync(plan.Status, cancellationToken);
    }

    private void RequireProgram()
    {
        if (isRehearsal || ProgramPath.Find(Path.GetFileNameWithoutExtension(plan.Program)) is not null) return;
        throw new CommandException("no_service_manager", $"{plan.Program} is not on the PATH: this machine has no {plan.Manager}.", "--dry-run shows what would be written and run; 'lmgateway serve' runs the service in this terminal.");
    }

    private void Write(PlannedFile file)
    {
        RequireOurs(file.Path, "Move it away, or give the service another --name.");
        var isSame = File.Exists(file.Path) && File.ReadAllText(file.Path) == file.Text;
        told.Add(isSame ? "unchanged" : "wrote", file.Path, file.Text);
        if (isRehearsal || isSame) return;
        Directory.CreateDirectory(Path.GetDirectoryName(file.Path)!);
        File.WriteAllText(file.Path, file.Text);
    }

    private static void RequireOurs(string path, string next)
    {
        if (File.Exists(path) && !File.ReadAllText(path).Contains(DaemonPlan.Mark, StringComparison.Ordinal))
            throw new CommandException("not_ours", $"{path} was not written by this program.", next);
    }

    private async Task RunAsync(PlannedCommand command, CancellationToken cancellationToken)
    {
        told.Add("ran", command.ToString());
        if (isRehearsal) return;
        var (code, said) = await RunQuietlyAsync(command, cancellationToken);
        if (code != 0 && !command.MayFail) throw new CommandException("service_manager_failed", $"{command} failed with {code}: {said.Trim()}", Hint(said));
    }

    private string? Hint(string said) =>
        said.Contains("bus", StringComparison.OrdinalIgnoreCase) ? "This user has no session of systemd's: log in as the user (not with su), or install for the machine as root with --system."
        : said.Contains("denied", StringComparison.OrdinalIgnoreCase) || said.Contains("FAILED 5", StringComparison.Ordinal) ? $"{plan.Manager} wants an administrator: run it as root, or in a terminal that was started as administrator."
        : null;

    private static async Task<(int Code, string Said)> RunQuietlyAsync(PlannedCommand command, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var process = Process.Start(new ProcessStartInfo(command.Words[0], command.Words.Skip(1)) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(either.Token), process.StandardError.ReadToEndAsync(either.Token));
        try
        {
            await process.WaitForExitAsync(either.Token);
            return (process.ExitCode, await output + await errors);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill();
            throw new CommandException("service_manager_failed", $"{command} did not end within {Limit.TotalSeconds:0} s.");
        }
    }
}

/// <summary>What was done, or would be, in its order.</summary>
internal sealed class DaemonTold
{
    public List<(string Did, string What, string? Text)> Steps { get; } = [];

    public void Add(string did, string what, string? text = null) => Steps.Add((did, what, text));
}
