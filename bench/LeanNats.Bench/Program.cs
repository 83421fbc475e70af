using LeanNats.Bench;

// Measures LeanNats against a nats-server on this machine, beside the official JavaScript client.
//   dotnet run -c Release --project bench/LeanNats.Bench [-- roundtrips|throughput|objects]
// LEANNATS_SERVER names another nats-server; the JavaScript rows need `npm ci` in tests/clients.
var measures = new Dictionary<string, Func<string, IAsyncEnumerable<Row>>>
{
    ["roundtrips"] = RoundTrips.MeasureAsync, ["throughput"] = Throughput.MeasureAsync, ["objects"] = Objects.MeasureAsync,
};
await using var server = await Server.StartAsync();
var rows = new List<Row>();
foreach (var name in args.Length > 0 ? args : [.. measures.Keys])
{
    await foreach (var row in measures[name](server.Url))
    {
        rows.Add(row);
        Console.WriteLine(row);
    }
}

Console.WriteLine(Row.ToJson(rows));
return rows.TrueForAll(row => row.Holds) ? 0 : 1;
