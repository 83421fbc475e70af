using System.Text.Json;
using LeanNats;
using LeanNats.JetStream;
using LeanNats.ObjectStore;
using LeanNats.ObjectStore.Models;
using LeanNats.Tests.Servers;
using LmGateway.Configuration;

namespace LmGateway.Tests.Functional.Transfers;

/// <summary>A real nats-server with a bucket for models, and the client by which a test looks into it.</summary>
internal sealed class ModelRepository : IAsyncDisposable
{
    public const string Bucket = "llm-models";

    private readonly NatsConnection connection;

    private ModelRepository(NatsServer server, NatsConnection connection, NatsObjStore store) => (Server, this.connection, Store) = (server, connection, store);

    public NatsServer Server { get; }

    public NatsObjStore Store { get; }

    public static async Task<ModelRepository> StartAsync()
    {
        var server = await NatsServer.StartAsync(jetStream: true);
        var client = server.Connect();
        var store = await new NatsObjContext(new NatsJSContext(client)).CreateObjectStoreAsync(Bucket);
        return new ModelRepository(server, client, store);
    }

    public async Task<ObjectMetadata> PutAsync(string name, byte[] content)
    {
        using var source = new MemoryStream(content);
        return await Store.PutAsync(name, source);
    }

    public async Task<byte[]> GetAsync(string name)
    {
        using var content = new MemoryStream();
        await Store.GetAsync(name, content);
        return content.ToArray();
    }

    /// <summary>Replaces what is known of an object, as no client would.</summary>
    public async Task TamperAsync(ObjectMetadata info, Func<JsonElement, string> change)
    {
        var subject = $"$O.{Bucket}.M.{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(info.Name)).Replace('+', '-').Replace('/', '_')}";
        var stream = await new NatsJSContext(connection).GetStreamAsync("OBJ_" + Bucket);
        var message = await stream.GetAsync(new LeanNats.JetStream.Models.StreamMsgGetRequest { LastBySubj = subject });
        await connection.PublishConfirmedAsync(subject, System.Text.Encoding.UTF8.GetBytes(change(JsonElement.Parse(message.Data.Span))), new NatsHeaders { ["Nats-Rollup"] = "sub" });
    }

    /// <summary>A gateway in front of a simulated LM Studio, on this server.</summary>
    public Task<GatewayUnderTest> GatewayAsync(Func<GatewayOptions, GatewayOptions>? configure = null) => GatewayUnderTest.StartAsync(
        configure: options => (configure ?? (same => same))(options with { Nats = new NatsOptions { Url = Server.Url, IsConfigured = true }, LmStudio = options.LmStudio with { LmsPath = options.LmStudio.LmsPath ?? "/no/lms/here" } }));

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await Server.DisposeAsync();
    }
}
