using System.Net.Sockets;
using System.Text;
using LeanNats;
using LmGateway.Bench.Rig;
using NatsServer = LeanNats.Bench.Server;
using Server = LmGateway.Bench.Rig.Server;

namespace LmGateway.Bench.Rows;

/// <summary>From the caller's leaving to the backend's seeing its stream closed. Both read the one monotonic clock of the machine.</summary>
internal static class Cancels
{
    private static readonly NatsHeaders Key = new() { ["x-api-key"] = Plans.Key };
    private const string LastLeft = "last_left_ns";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static async IAsyncEnumerable<Figure> MeasureAsync(Run run)
    {
        await using var backend = await Server.StartAsync(Plans.Backend());
        await using var nats = await NatsServer.StartAsync();
        var plan = Plans.Gateway(Plans.OpenAi(backend));
        await using var gateway = await Server.StartAsync(plan with { Environment = new Dictionary<string, string>(plan.Environment) { ["NATS_URL"] = nats.Url } });
        await using var client = new NatsConnection(new NatsOpts { Url = nats.Url });

        var body = Bodies.Stream(100_000, 20);
        yield return await OfAsync(run, backend, "HTTP", () => OverHttpAsync(gateway, "/v1/chat/completions", body));
        yield return await OfAsync(run, backend, "MCP", () => OverHttpAsync(gateway, "/mcp", McpCall));
        await ServedAsync(client);
        yield return await OfAsync(run, backend, "NATS", () => OverNatsAsync(client, body));
    }

    private const string McpCall =
        """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"chat","arguments":{"model":"bench-1-0","prompt":"hello","max_tokens":100000},"_meta":{"progressToken":1}}}""";

    private static async Task<Figure> OfAsync(Run run, Server backend, string way, Func<Task<Func<ValueTask>>> begin)
    {
        List<double> times = [];
        for (var i = 0; i < (run.Quick ? 10 : 50); i++)
        {
            var before = await StateAsync(backend, LastLeft);
            var leave = await begin();
            while ((await StateAsync(backend, "streams")) == 0) await Task.Delay(Pause, TimeProvider.System);
            var left = TimeProvider.System.GetTimestamp();
            await leave();
            long seen;
            while ((seen = await StateAsync(backend, LastLeft)) == before)
            {
                if (TimeProvider.System.GetElapsedTime(left) > Patience) throw new TimeoutException($"The backend never saw a caller over {way} leave.");
                await Task.Delay(Pause, TimeProvider.System);
            }

            times.Add((seen - (left * (1e9 / TimeProvider.System.TimestampFrequency))) / 1e6);
        }

        times.Sort();
        return new Figure($"cancel to upstream closed, {way}, longest of {times.Count}", times[^1], "ms") { Most = 250, Beside = $"half of them under {Figure.Text(times[times.Count / 2])} ms" };
    }

    private static async Task<Func<ValueTask>> OverHttpAsync(Server gateway, string path, string body)
    {
        var socket = await Http.OpenAsync(gateway.Port, path, body, [.. gateway.Plan.Headers, "Accept: application/json, text/event-stream"]);
        return () =>
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        };
    }

    private static async Task<Func<ValueTask>> OverNatsAsync(NatsConnection client, string body)
    {
        var inbox = client.NewInbox();
        await using var replies = await client.SubscribeCoreAsync(inbox);
        await client.PublishAsync("lmstudio.chat_stream", Encoding.UTF8.GetBytes(body), Key, inbox);
        string? cancel = null;
        await foreach (var message in replies.ReadAllAsync())
        {
            if (message.HasNoResponders)
            {
                await Task.Delay(Pause, TimeProvider.System);
                await client.PublishAsync("lmstudio.chat_stream", Encoding.UTF8.GetBytes(body), Key, inbox);
                continue;
            }

            using var reply = System.Text.Json.JsonDocument.Parse(message.Data);
            if (!reply.RootElement.GetProperty("ok").GetBoolean()) throw new IOException(reply.RootElement.GetRawText());
            var data = reply.RootElement.GetProperty("data");
            if (data.TryGetProperty("cancel_subject", out var subject)) cancel = subject.GetString();
            if (data.GetProperty("type").GetString() == "chunk") break;
        }

        return async () => await client.PublishAsync(cancel!);
    }

    /// <summary>The service connects to NATS in the background.</summary>
    private static async Task ServedAsync(NatsConnection client)
    {
        for (var began = TimeProvider.System.GetTimestamp(); ; await Task.Delay(Pause, TimeProvider.System))
        {
            try
            {
                await client.RequestAsync("lmstudio.list_models", "{}"u8.ToArray(), Key);
                return;
            }
            catch (NatsNoRespondersException) when (TimeProvider.System.GetElapsedTime(began) < Patience)
            {
                // Not yet.
            }
        }
    }

    private static async Task<long> StateAsync(Server backend, string name) => (await Http.GetAsync(backend.Port, "/bench/state")).GetProperty(name).GetInt64();
}
