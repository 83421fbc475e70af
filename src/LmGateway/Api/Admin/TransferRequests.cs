using LmGateway.Api.Http;
using LmGateway.Serving.Models;

namespace LmGateway.Api.Admin;

/// <summary>A command, and whether the caller waits for the end of its job.</summary>
internal sealed record Transfer<T>(T Command, bool Wait);

/// <summary>Reads the bodies of downloads and copies. A caller that knows S0's names of the fields is understood too.</summary>
internal static class TransferRequests
{
    public static Transfer<PullCommand> Pull(ReadOnlyMemory<byte> body)
    {
        var fields = JsonFields.Of(body);
        return Read(fields, new PullCommand(fields.RequiredText("identifier", "model", "modelKey")) { Backend = fields.Text("backend") });
    }

    public static Transfer<SyncCommand> Sync(ReadOnlyMemory<byte> body)
    {
        var fields = JsonFields.Of(body);
        return Read(fields, new SyncCommand
        {
            ObjectName = fields.RequiredText("objectName", "object", "name"),
            Bucket = fields.Text("bucket"),
            Publisher = fields.Text("publisher"),
            ModelDir = fields.Text("modelDir"),
            Import = fields.Flag("import") ?? false,
        });
    }

    public static Transfer<PublishCommand> Publish(ReadOnlyMemory<byte> body)
    {
        var fields = JsonFields.Of(body);
        return Read(fields, new PublishCommand(fields.RequiredText("modelKey", "model", "modelId")) { Bucket = fields.Text("bucket") });
    }

    private static Transfer<T> Read<T>(JsonFields fields, T command)
    {
        var wait = fields.Flag("wait") ?? false;
        fields.ThrowOnFaults();
        return new Transfer<T>(command, wait);
    }
}
