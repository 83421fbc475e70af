using LmGateway.Events;
using LmGateway.Security;
using LmGateway.Vocabulary;

namespace LmGateway.Cli.Keys;

/// <summary>The keys in this machine's state folder. Each change is written down as done by this machine's user.</summary>
internal sealed class KeysOfMachine(KeyFile file, AuditFile audit) : IKeyStore
{
    public async Task<string> CreateAsync(StoredKey wanted, CancellationToken cancellationToken)
    {
        var secret = "";
        await WriteDownAsync("keys create", wanted.Name, async () => secret = await file.CreateAsync(wanted, cancellationToken));
        return secret;
    }

    public Task<IReadOnlyList<StoredKey>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<StoredKey>>([.. file.Read() ?? throw new CommandException("damaged", $"{KeyFile.FileName} is damaged.", "Restore it from a backup, or delete it and make new keys.")]);

    public Task RevokeAsync(string name, CancellationToken cancellationToken) => WriteDownAsync("keys revoke", name, async () =>
    {
        if (!await file.RevokeAsync(name, cancellationToken))
            throw new CommandException(CommandFailure.Usage($"There is no key '{name}'.", "'lmgateway keys list' shows what there is."));
    });

    private async Task WriteDownAsync(string command, string key, Func<Task> change)
    {
        var entry = new AuditEntry("cli", command) { Caller = Environment.UserName, Target = key, Result = "ok" };
        try
        {
            await change();
        }
        catch (Exception refused) when (refused is GatewayException or CommandException)
        {
            entry = entry with { Result = EventWords.Of(refused is GatewayException known ? known.Error.Code : ErrorCode.InvalidRequest) };
            throw;
        }
        finally
        {
            await audit.WriteAsync(entry);
        }
    }
}
