using System.Text;
using System.Text.Json;
using LeanNats;
using LeanNats.Tests.Servers;
using LmGateway.Tests.Functional.Mcp;
using LmGateway.Tests.Functional.Nats;
using Xunit;

namespace LmGateway.Tests.Functional.Backends;

/// <summary>How a request of the table comes in.</summary>
internal enum TableWay
{
    Http,
    Nats,
    NatsStream,
    Mcp,
}

/// <summary>Sends a request of the table, and gives the answer as the status and the body that HTTP would have given.</summary>
internal static class TableCall
{
    public static async Task<(int Status, string Text)> SendAsync(this TableRow row, TableColumn column, NatsServer? nats)
    {
        var body = row.For(column.Models[row.Model]);
        return row.Way switch
        {
            TableWay.Nats => OfReply(await AskAsync(nats!, column, row.Path, body)),
            TableWay.NatsStream => OfStream(await ListenAsync(nats!, column, row.Path, body)),
            TableWay.Mcp => OfTool(await new McpCaller(column.Gateway.Http).CallAsync(row.Path, body)),
            _ => await PostAsync(column, row.Path, body),
        };
    }

    private static async Task<(int Status, string Text)> PostAsync(TableColumn column, string path, string body)
    {
        using var response = await column.Gateway.PostAsync(path, body, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<JsonElement> AskAsync(NatsServer nats, TableColumn column, string subject, string body)
    {
        await column.Gateway.ConnectedAsync();
        await using var caller = nats.Connect();
        return JsonElement.Parse((await caller.RequestAsync(subject, Encoding.UTF8.GetBytes(body), null, NatsUnderTest.Patience)).Data.Span);
    }

    private static async Task<List<JsonElement>> ListenAsync(NatsServer nats, TableColumn column, string subject, string body)
    {
        await column.Gateway.ConnectedAsync();
        await using var caller = nats.Connect();
        var options = new NatsSubOpts { StopOnEmptyMsg = true, IdleTimeout = NatsUnderTest.Patience };
        var replies = new List<JsonElement>();
        await foreach (var reply in caller.RequestManyAsync(subject, Encoding.UTF8.GetBytes(body), null, options))
            if (reply.Data.Length > 0) replies.Add(JsonElement.Parse(reply.Data.Span));
        return replies;
    }

    private static (int Status, string Text) OfReply(JsonElement reply)
    {
        var data = reply.GetProperty("data");
        return reply.GetProperty("ok").GetBoolean() ? (200, data.GetProperty("response").GetRawText()) : (500, reply.GetRawText());
    }

    private static (int Status, string Text) OfStream(IReadOnlyList<JsonElement> replies)
    {
        Assert.Equal("done", replies[^1].GetProperty("data").GetProperty("type").GetString());
        var chunks = replies.Select(reply => reply.GetProperty("data")).Where(data => data.GetProperty("type").ValueEquals("chunk"));
        return (200, string.Join('\n', chunks.Select(chunk => chunk.GetProperty("chunk").GetRawText())));
    }

    /// <summary>What a tool gives is written as a chat's or an embedding's answer, so that one reader knows both.</summary>
    private static (int Status, string Text) OfTool(McpAnswer answer)
    {
        if (answer.IsError) return (500, answer.Text);
        var given = answer.Structure;
        if (given.TryGetProperty("embeddings", out var embeddings)) return (200, $$"""{"data":[{"embedding":{{embeddings[0].GetRawText()}}}]}""");
        var thought = given.TryGetProperty("reasoning", out var reasoning) ? reasoning.GetRawText() : "\"\"";
        return (200, $$$"""{"choices":[{"message":{"content":{{{given.GetProperty("text").GetRawText()}}},"reasoning_content":{{{thought}}}}}]}""");
    }
}
