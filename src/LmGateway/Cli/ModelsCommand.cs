using System.CommandLine;
using System.Text;
using System.Text.Json;

namespace LmGateway.Cli;

/// <summary><c>lmgateway models push|sync</c>: copies models between this machine and the model repository, by the service that runs.</summary>
internal static class ModelsCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("models", "Copy models to and from the model repository (NATS's object store), by the running service.");
        command.Subcommands.Add(Push(surroundings));
        command.Subcommands.Add(Sync(surroundings));
        return command;
    }

    private static Command Push(CommandSurroundings surroundings)
    {
        var command = new Command("push", "Copy a local model into the repository.");
        var model = new Argument<string>("model") { Description = "The model's key, or a unique part of it." };
        command.Arguments.Add(model);
        var service = new ServiceOptions(command, surroundings);
        command.SetAction((parsed, cancellationToken) => RunAsync(service.Open(parsed), "/admin/models/publish", body =>
        {
            body.WriteString("modelKey", parsed.GetValue(model));
            WriteText(body, "bucket", parsed.GetValue(service.Bucket));
        }, cancellationToken));
        return command;
    }

    private static Command Sync(CommandSurroundings surroundings)
    {
        var command = new Command("sync", "Copy a model out of the repository to where LM Studio finds it.");
        var name = new Argument<string>("object") { Description = "publisher/model/file, or publisher/model for all its files." };
        var publisher = new Option<string?>("--publisher") { HelpName = "NAME", Description = "Folder below the models folder, where the object's name does not tell." };
        var modelDir = new Option<string?>("--model-dir") { HelpName = "NAME", Description = "Folder below the publisher's, where the object's name does not tell." };
        var import = new Option<bool>("--import") { Description = "Hand the file to 'lms import' as well." };
        command.Arguments.Add(name);
        command.Options.Add(publisher);
        command.Options.Add(modelDir);
        command.Options.Add(import);
        var service = new ServiceOptions(command, surroundings);
        command.SetAction((parsed, cancellationToken) => RunAsync(service.Open(parsed), "/admin/models/sync", body =>
        {
            body.WriteString("objectName", parsed.GetValue(name));
            WriteText(body, "bucket", parsed.GetValue(service.Bucket));
            WriteText(body, "publisher", parsed.GetValue(publisher));
            WriteText(body, "modelDir", parsed.GetValue(modelDir));
            body.WriteBoolean("import", parsed.GetValue(import));
        }, cancellationToken));
        return command;
    }

    private static void WriteText(Utf8JsonWriter body, string name, string? text)
    {
        if (text is not null) body.WriteString(name, text);
    }

    private static async Task<int> RunAsync(ServiceJob? job, string path, Action<Utf8JsonWriter> write, CancellationToken cancellationToken)
    {
        if (job is null) return ExitCodes.BadConfiguration;
        using var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        using (job) return await job.RunAsync(path, Encoding.UTF8.GetString(buffer.ToArray()), cancellationToken);
    }
}
