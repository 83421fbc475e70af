using System.CommandLine;
using System.Text.Json;
using LmGateway.Cli.Jobs;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Models;

/// <summary><c>lmgateway models push|sync</c>: copies models between this machine and the model repository (NATS's object store).</summary>
internal static class CopyCommands
{
    public static Command Push(CommandSurroundings surroundings)
    {
        var command = new Command("push", "Copy a local model into the model repository (NATS's object store).");
        var model = ModelArgument.Required(surroundings);
        var bucket = Bucket();
        command.Arguments.Add(model);
        command.Options.Add(bucket);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.WorkDirectly, (call, cancellationToken) => RunAsync(call, "/admin/models/publish", body =>
        {
            body.WriteString("modelKey", call.Parsed.GetValue(model));
            WriteText(body, "bucket", call.Parsed.GetValue(bucket));
        }, cancellationToken));
        return command;
    }

    public static Command Sync(CommandSurroundings surroundings)
    {
        var command = new Command("sync", "Copy a model out of the repository to where LM Studio finds it.");
        var name = new Argument<string>("OBJECT") { Description = "publisher/model/file, or publisher/model for all its files." };
        var publisher = new Option<string?>("--publisher") { HelpName = "NAME", Description = "Folder below the models folder, where the object's name does not tell." };
        var modelDir = new Option<string?>("--model-dir") { HelpName = "NAME", Description = "Folder below the publisher's, where the object's name does not tell." };
        var import = new Option<bool>("--import") { Description = "Hand the file to 'lms import' as well." };
        var bucket = Bucket();
        command.Arguments.Add(name);
        foreach (var option in new Option[] { publisher, modelDir, import, bucket }) command.Options.Add(option);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.WorkDirectly, (call, cancellationToken) => RunAsync(call, "/admin/models/sync", body =>
        {
            body.WriteString("objectName", call.Parsed.GetValue(name));
            WriteText(body, "bucket", call.Parsed.GetValue(bucket));
            WriteText(body, "publisher", call.Parsed.GetValue(publisher));
            WriteText(body, "modelDir", call.Parsed.GetValue(modelDir));
            body.WriteBoolean("import", call.Parsed.GetValue(import));
        }, cancellationToken));
        return command;
    }

    private static Option<string?> Bucket() => new("--bucket") { HelpName = "NAME", Description = "The bucket, in place of models.bucket." };

    private static void WriteText(Utf8JsonWriter body, string name, string? text)
    {
        if (text is not null) body.WriteString(name, text);
    }

    private static async Task<int> RunAsync(ServiceCall call, string path, Action<Utf8JsonWriter> writeMembers, CancellationToken cancellationToken)
    {
        var job = await JobFollower.StartAsync(call, path, writeMembers, cancellationToken);
        if (call.Output.Json)
        {
            call.Document(job);
            return ExitCodes.Success;
        }

        var result = job.Member("result") ?? default;
        foreach (var name in result.Texts("objects").Concat(result.Texts("files"))) call.Output.Line(name);
        return ExitCodes.Success;
    }
}
