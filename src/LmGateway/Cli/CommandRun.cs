using LmGateway.Cli.Output;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Cli;

/// <summary>Runs a command's work and makes exit codes and words of whatever it throws.</summary>
internal static class CommandRun
{
    public static async Task<int> RunAsync(CommandOutput output, Func<Task<int>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (CommandException failure)
        {
            return output.Fail(failure.Failure);
        }
        catch (GatewayException failure)
        {
            return output.Fail(new CommandFailure("failed", failure.Error.Message) { Details = failure.Error.Details });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return output.Fail(new CommandFailure("interrupted", "Interrupted.") { ExitCode = ExitCodes.Interrupted });
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return output.Fail(new CommandFailure("failed", fault.Message));
        }
    }

    /// <summary>The settings, where they can be used.</summary>
    public static LoadedSettings Require(LoadedSettings loaded) => loaded.Errors.Count == 0 ? loaded : throw new CommandException(BadSettings(loaded));

    /// <summary>Every fault of the settings at once.</summary>
    public static CommandFailure BadSettings(LoadedSettings loaded) => new(
        "bad_settings", loaded.Errors.Count == 1 ? "One setting must be corrected:" : $"{loaded.Errors.Count} settings must be corrected:")
    {
        Details = [.. loaded.Errors.Select((error, at) => $"{at + 1}. {error}")],
        Next = "'lmgateway doctor' shows every setting and where it comes from.",
        ExitCode = ExitCodes.BadConfiguration,
    };
}
