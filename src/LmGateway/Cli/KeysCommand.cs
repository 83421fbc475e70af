using System.CommandLine;
using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
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
        var name = new Argument<string>("NAME") { Description = "What logs and lists call it." };
        var scopes = new Option<string[]>("--scope") { HelpName = "SCOPE", Description = $"What it opens: {string.Join(", ", ScopeWords.All)}; may be given several times. inference if left out." };
        var models = new Option<string[]>("--model") { HelpName = "KEY", Description = "A model that it may use; may be given several times. Every model if left out." };
        var requests = new Option<int?>("--requests-per-minute") { HelpName = "N", Description = "Requests in a minute." };
        var tokens = new Option<long?>("--tokens-per-minute") { HelpName = "N", Description = "Tokens of prompts and answers in a minute." };
        var day = new Option<long?>("--tokens-per-day") { HelpName = "N", Description = "The same in a day (UTC)." };
        var print = new Option<bool>("--print-hash") { Description = "Keep nothing: print the secret, and below it the key as an entry of security.keys in lmgateway.yaml." };
        command.Arguments.Add(name);
        foreach (var option in new Option[] { scopes, models, requests, tokens, day, print }) command.Options.Add(option);
        Run(command, surroundings, async (parsed, file, audit, output, cancellationToken) =>
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
                KeyFile.Check(wanted);
                var (made, hash) = StoredKey.NewSecret();
                if (output.Json) output.Document(writer => Write(writer, wanted with { Sha256 = hash }, made));
                else output.Line(ForSettings(wanted with { Sha256 = hash }, made));
                return;
            }

            var secret = "";
            await audit("keys create", wanted.Name, async () => secret = await file.CreateAsync(wanted, cancellationToken));
            if (output.Json) output.Document(writer => Write(writer, wanted, secret));
            else output.Line(secret);
        });
        return command;
    }

    private static Command List(CommandSurroundings surroundings)
    {
        var command = new Command("list", "List the keys. Secrets are not among what is kept.");
        command.Aliases.Add("ls");
        Run(command, surroundings, (_, file, _, output, _) =>
        {
            var keys = file.Read() ?? throw new CommandException("damaged", $"{KeyFile.FileName} is damaged.", "Restore it from a backup, or delete it and make new keys.");
            if (output.Json) output.Document(writer => Write(writer, keys));
            else Show(output, [.. keys]);
            return Task.CompletedTask;
        });
        return command;
    }

    private static Command Revoke(CommandSurroundings surroundings)
    {
        var command = new Command("revoke", "Revoke a key; whoever holds it is refused from then on.");
        var name = new Argument<string>("NAME") { Description = "The key's name." };
        command.Arguments.Add(name);
        Run(command, surroundings, async (parsed, file, audit, output, cancellationToken) =>
        {
            var revoked = parsed.GetValue(name)!;
            await audit("keys revoke", revoked, async () =>
            {
                if (!await file.RevokeAsync(revoked, cancellationToken))
                    throw new CommandException(CommandFailure.Usage($"There is no key '{revoked}'.", "'lmgateway keys list' shows what there is."));
            });
            if (output.Json) output.Document(writer => writer.WriteString("revoked", revoked));
            else output.Line($"Revoked {revoked}.");
        });
        return command;
    }

    /// <summary>The secret, and the key as lmgateway.yaml takes it.</summary>
    private static string ForSettings(StoredKey key, string secret)
    {
        var lines = new List<string> { secret, $"- name: {key.Name}", $"  sha256: {key.Sha256}", $"  scopes: [{string.Join(", ", key.Scopes)}]" };
        if (key.Models.Count > 0) lines.Add($"  models: [{string.Join(", ", key.Models)}]");
        if (key.RequestsPerMinute is { } requests) lines.Add($"  requests_per_minute: {requests}");
        if (key.TokensPerMinute is { } tokens) lines.Add($"  tokens_per_minute: {tokens}");
        if (key.TokensPerDay is { } day) lines.Add($"  tokens_per_day: {day}");
        return string.Join(Environment.NewLine, lines);
    }

    /// <summary>Makes the change, and writes down that this machine's user made it.</summary>
    private static async Task WriteDownAsync(AuditFile audit, string command, string key, Func<Task> change)
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

    private static string Limits(StoredKey key)
    {
        string?[] limits = [Limit(key.RequestsPerMinute, "requests/min"), Limit(key.TokensPerMinute, "tokens/min"), Limit(key.TokensPerDay, "tokens/day")];
        var set = limits.OfType<string>().ToList();
        return set.Count == 0 ? "no limits" : string.Join(", ", set);

        static string? Limit(long? most, string unit) => most is { } known ? $"{known} {unit}" : null;
    }

    private static void Show(CommandOutput output, IReadOnlyList<StoredKey> keys)
    {
        var table = new TextTable(new Column("name"), new Column("scopes"), new Column("models"), new Column("limits"));
        foreach (var key in keys) table.Add(key.Name, string.Join(',', key.Scopes), key.Models.Count == 0 ? "every model" : string.Join(',', key.Models), Limits(key));
        if (table.Count > 0) output.Table(table);
        else output.Note("No keys. 'lmgateway keys create NAME' makes one.");
    }

    private static void Write(Utf8JsonWriter writer, IEnumerable<StoredKey> keys)
    {
        writer.WriteStartArray("keys");
        foreach (var key in keys)
        {
            writer.WriteStartObject();
            Write(writer, key, secret: null);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, StoredKey key, string? secret)
    {
        if (secret is not null) writer.WriteString("key", secret);
        key.WriteMembers(writer);
    }

    /// <summary>Gives a command its options and an action that works on the file of keys.</summary>
    private static void Run(Command command, CommandSurroundings surroundings, KeyWork work)
    {
        var json = ServiceOptions.JsonOption();
        command.Options.Add(json);
        var settings = new SettingsOptions(command, isClient: true);
        command.SetAction((parsed, cancellationToken) =>
        {
            var output = new CommandOutput(surroundings, parsed.GetValue(json));
            return CommandRun.RunAsync(output, async () =>
            {
                var options = CommandRun.Require(settings.Load(parsed, surroundings)).Options;
                var folder = new StateFolder(StateFolder.Locate(options), NullLogger<StateFolder>.Instance);
                using var audit = new AuditFile(folder, TimeProvider.System, NullLogger<AuditFile>.Instance);
                var file = new KeyFile(folder, new KeyRing(options), TimeProvider.System);
                try
                {
                    await work(parsed, file, (done, key, change) => WriteDownAsync(audit, done, key, change), output, cancellationToken);
                }
                catch (GatewayException refused)
                {
                    throw new CommandException(CommandFailure.Usage(refused.Message) with { Details = refused.Error.Details }, refused);
                }

                catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                {
                    throw new CommandException("state_not_writable", $"The keys in {folder.Path} cannot be changed: {fault.Message}", "Do it as the user that the service runs as, or name its state folder with LMGATEWAY_STATE_DIR.");
                }

                return ExitCodes.Success;
            }, cancellationToken);
        });
    }

    /// <summary>Makes a change to a key and writes it down: what was done, to which key, and the change itself.</summary>
    private delegate Task Audited(string done, string key, Func<Task> change);

    private delegate Task KeyWork(ParseResult parsed, KeyFile file, Audited audit, CommandOutput output, CancellationToken cancellationToken);
}
