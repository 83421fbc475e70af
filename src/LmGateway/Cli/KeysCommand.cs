using System.CommandLine;
using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Security;
using LmGateway.State;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging.Abstractions;

namespace LmGateway.Cli;

/// <summary><c>lmgateway keys create|list|revoke</c>: named keys in the state folder; a running service takes them up by itself.</summary>
internal static class KeysCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var keys = new Command("keys", "Make, list and revoke API keys. A running service takes changes up within a second.");
        keys.Subcommands.Add(Create(surroundings));
        keys.Subcommands.Add(List(surroundings));
        keys.Subcommands.Add(Revoke(surroundings));
        return keys;
    }

    private static Command Create(CommandSurroundings surroundings)
    {
        var command = new Command("create", "Make a key and print its secret, which is not kept and not shown again.");
        var name = new Argument<string>("name") { Description = "What logs and lists call it." };
        var scopes = new Option<string[]>("--scope") { HelpName = "SCOPE", Description = $"What it opens: {string.Join(", ", ScopeWords.All)}; may be given several times. inference if left out." };
        var models = new Option<string[]>("--model") { HelpName = "KEY", Description = "A model that it may use; may be given several times. Every model if left out." };
        var requests = new Option<int?>("--requests-per-minute") { Description = "Requests in a minute." };
        var tokens = new Option<long?>("--tokens-per-minute") { Description = "Tokens of prompts and answers in a minute." };
        var day = new Option<long?>("--tokens-per-day") { Description = "The same in a day (UTC)." };
        var print = new Option<bool>("--print-hash") { Description = "Keep nothing: print the secret, and below it the key as an entry of security.keys in lmgateway.yaml." };
        command.Arguments.Add(name);
        foreach (var option in new Option[] { scopes, models, requests, tokens, day, print }) command.Options.Add(option);
        var settings = new SettingsOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(settings.Load(parsed, surroundings), surroundings, async (file, audit) =>
        {
            var wanted = new StoredKey
            {
                Name = parsed.GetValue(name)!,
                Sha256 = "",
                Scopes = parsed.GetValue(scopes) is { Length: > 0 } given ? given : ["inference"],
                Models = parsed.GetValue(models) ?? [],
                RequestsPerMinute = parsed.GetValue(requests),
                TokensPerMinute = parsed.GetValue(tokens),
                TokensPerDay = parsed.GetValue(day),
            };
            if (parsed.GetValue(print))
            {
                await surroundings.Out.WriteLineAsync(ForSettings(wanted));
                return;
            }

            await audit("keys create", wanted.Name, async () => await surroundings.Out.WriteLineAsync(await file.CreateAsync(wanted, cancellationToken)));
        }));
        return command;
    }

    private static Command List(CommandSurroundings surroundings)
    {
        var command = new Command("list", "List the keys. Secrets are not among what is kept.");
        var settings = new SettingsOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(settings.Load(parsed, surroundings), surroundings, async (file, _) =>
        {
            foreach (var key in file.Read() ?? throw new GatewayException(ErrorCode.Internal, $"{KeyFile.FileName} is damaged."))
                await surroundings.Out.WriteLineAsync($"{key.Name}  {string.Join(',', key.Scopes)}  {(key.Models.Count == 0 ? "every model" : string.Join(',', key.Models))}  {Limits(key)}");
        }));
        return command;
    }

    private static Command Revoke(CommandSurroundings surroundings)
    {
        var command = new Command("revoke", "Revoke a key; whoever holds it is refused from then on.");
        var name = new Argument<string>("name") { Description = "The key's name." };
        command.Arguments.Add(name);
        var settings = new SettingsOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(settings.Load(parsed, surroundings), surroundings, async (file, audit) =>
        {
            var revoked = parsed.GetValue(name)!;
            await audit("keys revoke", revoked, async () =>
            {
                if (!await file.RevokeAsync(revoked, cancellationToken)) throw new GatewayException(ErrorCode.InvalidRequest, $"There is no key '{revoked}'.");
            });
            await surroundings.Out.WriteLineAsync($"Revoked {revoked}.");
        }));
        return command;
    }

    /// <summary>The secret, and the entry that holds its hash.</summary>
    private static string ForSettings(StoredKey wanted)
    {
        KeyFile.Check(wanted);
        var (secret, hash) = StoredKey.NewSecret();
        var lines = new List<string> { secret, $"- name: {wanted.Name}", $"  sha256: {hash}", $"  scopes: [{string.Join(", ", wanted.Scopes)}]" };
        if (wanted.Models.Count > 0) lines.Add($"  models: [{string.Join(", ", wanted.Models)}]");
        if (wanted.RequestsPerMinute is { } requests) lines.Add($"  requests_per_minute: {requests}");
        if (wanted.TokensPerMinute is { } tokens) lines.Add($"  tokens_per_minute: {tokens}");
        if (wanted.TokensPerDay is { } day) lines.Add($"  tokens_per_day: {day}");
        return string.Join(Environment.NewLine, lines);
    }

    private static string Limits(StoredKey key)
    {
        string?[] limits = [Limit(key.RequestsPerMinute, "requests/min"), Limit(key.TokensPerMinute, "tokens/min"), Limit(key.TokensPerDay, "tokens/day")];
        var set = limits.OfType<string>().ToList();
        return set.Count == 0 ? "no limits" : string.Join(", ", set);

        static string? Limit(long? most, string unit) => most is { } known ? $"{known} {unit}" : null;
    }

    /// <summary>Makes the change, and writes down that this machine's user made it.</summary>
    private static async Task WriteDownAsync(AuditFile audit, string command, string key, Func<Task> change)
    {
        var entry = new AuditEntry("cli", command) { Caller = Environment.UserName, Target = key, Result = "ok" };
        try
        {
            await change();
        }
        catch (GatewayException refused)
        {
            entry = entry with { Result = EventWords.Of(refused.Error.Code) };
            throw;
        }
        finally
        {
            await audit.WriteAsync(entry);
        }
    }

    private static async Task<int> RunAsync(LoadedSettings loaded, CommandSurroundings surroundings, Func<KeyFile, Func<string, string, Func<Task>, Task>, Task> work)
    {
        if (loaded.Errors.Count > 0)
        {
            SettingsReport.WriteErrors(loaded, surroundings.Error);
            return ExitCodes.BadConfiguration;
        }

        try
        {
            var folder = new StateFolder(StateFolder.Locate(loaded.Options), NullLogger<StateFolder>.Instance);
            using var audit = new AuditFile(folder, TimeProvider.System, NullLogger<AuditFile>.Instance);
            await work(new KeyFile(folder, new KeyRing(loaded.Options), TimeProvider.System), (command, key, change) => WriteDownAsync(audit, command, key, change));
            return ExitCodes.Success;
        }
        catch (Exception fault) when (fault is GatewayException or IOException or UnauthorizedAccessException)
        {
            await surroundings.Error.WriteLineAsync($"lmgateway: {fault.Message}");
            return ExitCodes.BadConfiguration;
        }
    }
}
