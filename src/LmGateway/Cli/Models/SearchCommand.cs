using System.CommandLine;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Models;

/// <summary><c>lmgateway models search TEXT</c></summary>
internal static class SearchCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("search", "Search for models to download.");
        var text = new Argument<string[]>("TEXT") { Arity = ArgumentArity.ZeroOrMore, Description = "Words of the name; what LM Studio recommends, if left out." };
        var limit = new Option<int>("--limit") { HelpName = "N", Description = "At most so many, 1 to 25.", DefaultValueFactory = _ => 10 };
        command.Arguments.Add(text);
        command.Options.Add(limit);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.WorkDirectly, async (call, cancellationToken) =>
        {
            var term = string.Join(' ', call.Parsed.GetValue(text) ?? []);
            var reply = await call.Service.GetAsync($"/admin/models/search?q={Uri.EscapeDataString(term)}&limit={call.Parsed.GetValue(limit)}", cancellationToken);
            Show(call, reply);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Show(ServiceCall call, System.Text.Json.JsonElement reply)
    {
        if (call.Output.Json)
        {
            call.Document(reply);
            return;
        }

        var found = reply.Items("models");
        if (found.Count == 0)
        {
            call.Output.Note("Nothing found.");
            return;
        }

        var table = new TextTable(new Column("name"), new Column("source"), new Column("download it with"));
        foreach (var model in found) table.Add(model.Text("name"), model.Text("source"), $"lmgateway models pull {model.Text("identifier")}");
        call.Output.Table(table);
    }
}
