using LeanNats.Bench;

// Measures LeanNats against a nats-server on this machine, beside the official JavaScript client.
//   dotnet run -c Release --project bench/LeanNats.Bench [-- only <word>]      rows whose name holds the word
// LEANNATS_SERVER names another nats-server; the JavaScript rows need `npm ci` in tests/clients.
var word = args is ["only", var wanted] ? wanted : "";
await using var server = await Server.StartAsync();
var rows = new List<Row>();
foreach (var measure in new Func<string, IAsyncEnumerable<Row>>[] { RoundTrips.MeasureAsync, Throughput.MeasureAsync, Objects.MeasureAsync })
{
    await foreach (var row in measure(server.Url))
    {
        if (!row.Name.Contains(word, StringComparison.OrdinalIgnoreCase)) continue;
        rows.Add(row);
        Console.WriteLine(row);
    }
}

Console.WriteLine(Row.ToJson(rows));
return rows.TrueForAll(row => row.Holds) ? 0 : 1;
