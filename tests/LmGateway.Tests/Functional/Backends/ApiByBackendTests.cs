using LeanNats.Tests.Servers;
using LmGateway.Catalog;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional.Backends;

/// <summary>Runs every cell of the table in docs/backends.md: which API reaches which backend, and how.</summary>
public sealed class ApiByBackendTests
{
    private const string Load = "`/admin/models/load`";

    private static readonly string[][] Table = [.. ReadTable()];

    public static TheoryData<string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string>();
        foreach (var row in Table[1..])
            for (var column = 1; column < row.Length; column++) cells.Add(row[0], Table[0][column], row[column]);
        return cells;
    }

    [Theory]
    [Trait("req", "S3-16")]
    [MemberData(nameof(Cells))]
    public async Task A_cell_says_what_happens(string request, string backend, string cell)
    {
        if (request == Load)
        {
            await AssertLoadAsync(backend, cell);
            return;
        }

        var row = TableRow.All[request];
        await using var nats = row.Way is TableWay.Nats or TableWay.NatsStream ? await NatsServer.StartAsync() : null;
        await using var column = await TableColumn.StartAsync(backend, row.Recording, nats?.Url);
        var (status, text) = await row.SendAsync(column, nats);
        var traits = column.Gateway.Services.GetRequiredService<ModelCatalog>().Current.Backends.Single().Traits;
        if (cell != "no") Assert.Equal(row.Dialect is { } dialect && traits.Dialects.Contains(dialect) ? "direct" : "translated", cell);
        if (column.Recorded is not null && row.WantsImage)
        {
            Assert.InRange(status, 400, 503);
            Assert.Contains("image input is not supported", text, StringComparison.Ordinal);
            return;
        }

        Assert.True(status == 200, $"{status}: {text}");
        AssertAnswer(row, column, Answered.Read(text), cell);
    }

    [Fact]
    public void Every_request_of_the_table_is_known_and_none_is_missing() =>
        Assert.Equal(TableRow.All.Keys.Append(Load), Table[1..].Select(row => row[0]));

    private static void AssertAnswer(TableRow row, TableColumn column, Answered answered, string cell)
    {
        if (row.Model == "embedder") Assert.True(answered.Numbers >= 3);
        else if (row.WantsThought) Assert.Equal(cell != "no", answered.Thought.Length > 0);
        else if (row.WantsCall) Assert.Equal("get_weather", answered.Called);
        else if (column.Recorded is { } recorded) Assert.Equal(Answered.Read(recorded.Text).Text, answered.Text);
        else if (row.WantsImage && !column.Models["chat"].StartsWith("any", StringComparison.Ordinal)) Assert.StartsWith("I see 1 image", answered.Text, StringComparison.Ordinal);
        else Assert.Equal("1, 2, 3", answered.Text);
    }

    private static async Task AssertLoadAsync(string backend, string cell)
    {
        await using var column = await TableColumn.StartAsync(backend, "022-chat-stream-usage");
        var (status, body) = await column.Gateway.PostJsonAsync("/admin/models/load", $$"""{"modelKey":"{{column.Models["chat"]}}"}""");
        Assert.Equal(cell == "direct" ? 200 : 400, status);
        if (cell == "no") Assert.Contains("cannot be loaded", body.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    private static IEnumerable<string[]> ReadTable() =>
        from line in File.ReadLines(Path.Combine(Repository.Root, "docs/backends.md")).SkipWhile(line => line != "<!-- cells -->").Skip(1).TakeWhile(line => line != "<!-- /cells -->")
        where !line.StartsWith("| ---", StringComparison.Ordinal)
        select line.Trim('|').Split('|', StringSplitOptions.TrimEntries);
}
