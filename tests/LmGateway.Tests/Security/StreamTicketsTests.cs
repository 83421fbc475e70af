using LmGateway.Security;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class StreamTicketsTests
{
    private readonly ManualTime time = new();
    private readonly StreamTickets tickets;

    public StreamTicketsTests() => tickets = new StreamTickets(time);

    [Fact]
    public void A_ticket_stands_for_who_asked_for_it_until_a_minute_is_over()
    {
        var ticket = tickets.Issue("ops.team é");
        Assert.Equal("ops.team é", CallerOf(ticket));
        time.Advance(StreamTickets.Lifetime);
        Assert.NotNull(CallerOf(ticket));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(CallerOf(ticket));
    }

    [Fact]
    public void A_ticket_of_another_process_or_a_changed_one_is_none()
    {
        var ticket = tickets.Issue("me");
        Assert.Null(new StreamTickets(time).CallerOf(Request(ticket)));
        for (var at = 0; at < ticket.Length; at++)
        {
            var changed = ticket[..at] + (ticket[at] == '1' ? '2' : '1') + ticket[(at + 1)..];
            if (at < ticket.Length - 1) Assert.Null(CallerOf(changed));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("99999999999.bWU.AAAA")]
    [InlineData("1.2.3.4")]
    [InlineData("%%%.%%%.%%%")]
    public void What_is_no_ticket_is_nobody(string ticket) => Assert.Null(CallerOf(ticket));

    [Theory]
    [InlineData("POST", "/debug/stream")]
    [InlineData("GET", "/debug/streams")]
    [InlineData("GET", "/admin/models")]
    public void It_opens_the_stream_and_nothing_else(string method, string path) => Assert.Null(tickets.CallerOf(Request(tickets.Issue("me"), method, path)));

    private string? CallerOf(string ticket) => tickets.CallerOf(Request(ticket));

    private static HttpRequest Request(string ticket, string method = "GET", string path = "/debug/stream")
    {
        var request = new DefaultHttpContext().Request;
        (request.Method, request.Path, request.QueryString) = (method, path, QueryString.Create(StreamTickets.Parameter, ticket));
        return request;
    }
}
