using System.CommandLine;
using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
using LmGateway.Configuration;
using LmGateway.Security;
using LmGateway.State;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging.Abstractions;

namespace LmGateway.Cli.Keys;

/// <summary>
/// <c>lmgateway keys create|list|revoke</c>: named keys of the service that was named, where that is another machine's or named outright, else of this
/// machine's state folder, where a running service takes them up by itself. That needs no key, so that the first one can be made.
/// </summary>
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
        Run(command, surroundings, async (parsed, store, output, cancellationToken) =>
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

            var secret = await store.CreateAsync(wanted, cancellationToken);
            if (output.Json) output.Document(writer => Write(writer, wanted, secret));
            else output.Line(secret);
        });
        return command;
    }

    private static Command List(CommandSurroundings surroundings)
    {
        var command = new Command("list", "List the keys. Secrets are not among what is kept.");
        command.Aliases.Add("ls");
        Run(command, surroundings, async (_, store, output, cancellationToken) =>
        {
            var keys = await store.ListAsync(cancellationToken);
            if (output.Json) output.Document(writer => Write(writer, keys));
            else Show(output, keys);
        });
        return command;
    }

    private static Command Revoke(CommandSurroundings surroundings)
    {
        var command = new Command("revoke", "Revoke a key; whoever holds it is refused from then on.");
        var name = new Argument<string>("NAME") { Description = "The key's name." };
        command.Arguments.Add(name);
        Run(command, surroundings, async (parsed, store, output, cancellationToken) =>
        {
            var revoked = parsed.GetValue(name)!;
            await store.RevokeAsync(revoked, cancellationToken);
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

    /// <summary>Gives a command its options and an action that works on the keys of the service that was named, or of this machine.</summary>
    private static void Run(Command command, CommandSurroundings surroundings, KeyWork work)
    {
        var (url, key, json) = (ServiceOptions.UrlOption(), ServiceOptions.KeyOption(), ServiceOptions.JsonOption());
        command.Options.Add(url);
        command.Options.Add(key);
        command.Options.Add(json);
        var settings = new SettingsOptions(command, isClient: true);
        command.SetAction((parsed, cancellationToken) =>
        {
            var output = new CommandOutput(surroundings, parsed.GetValue(json));
            return CommandRun.RunAsync(output, async () =>
            {
                var options = CommandRun.Require(settings.Load(parsed, surroundings)).Options;
                var location = ServiceLocation.Of(options, parsed.GetValue(url), parsed.GetValue(key), surroundings);
                using var service = new ServiceClient(location, surroundings.Time);
                using var audit = new AuditFile(Folder(options), TimeProvider.System, NullLogger<AuditFile>.Instance);
                var isElsewhere = location.IsNamed && (parsed.GetValue(url) is not null || !location.Address.IsLoopback);
                IKeyStore store = isElsewhere ? new KeysOfService(service) : new KeysOfMachine(new KeyFile(Folder(options), new KeyRing(options), TimeProvider.System), audit);
                try
                {
                    await work(parsed, store, output, cancellationToken);
                }
                catch (GatewayException refused)
                {
                    throw new CommandException(CommandFailure.Usage(refused.Message) with { Details = refused.Error.Details }, refused);
                }
                catch (Exception fault) when (!isElsewhere && (fault is IOException or UnauthorizedAccessException))
                {
                    throw new CommandException("state_not_writable", $"The keys in {Folder(options).Path} cannot be changed: {fault.Message}", "Do it as the user that the service runs as, or name its state folder with LMGATEWAY_STATE_DIR.");
                }

                return ExitCodes.Success;
            }, cancellationToken);
        });
    }

    private static StateFolder Folder(GatewayOptions options) => new(StateFolder.Locate(options), NullLogger<StateFolder>.Instance);

    private delegate Task KeyWork(ParseResult parsed, IKeyStore store, CommandOutput output, CancellationToken cancellationToken);
}
