using LmGateway.Api.Http;

namespace LmGateway.Api.Debug;

/// <summary>What the routes of the debug API are for.</summary>
internal static class DebugNotes
{
    private const string Group = "debug";
    private const string Errors = "AdminError";

    public static RouteNote Stream { get; } = new(Group, "Everything that happens, as a stream of events")
    {
        Details = "`Last-Event-ID` brings what was missed. Pages, which cannot send a key with an EventSource, give a ticket instead.",
        Parameters = [new("ticket", "A ticket of /debug/stream/ticket")],
        Gives = [new("DebugEvent") { MediaType = ContentNote.EventStream }],
        Errors = Errors,
    };

    public static RouteNote Ticket { get; } = new(Group, "A ticket that opens the stream of events, for pages") { Gives = [new("StreamTicket")], Errors = Errors };

    public static RouteNote Status { get; } = new(Group, "What the service is doing, and its last requests") { Gives = [new("DebugStatus")], Errors = Errors };

    public static RouteNote Metrics { get; } = new(Group, "Figures of the last requests and of the process") { Gives = [new("DebugMetrics")], Errors = Errors };

    public static RouteNote Queue { get; } = new(Group, "Who waits for which model, what runs on which instance, what loads") { Gives = [new("DebugQueue")], Errors = Errors };

    public static RouteNote Requests { get; } = new(Group, "The last requests, the newest first")
    {
        Parameters = [new("state", "Only those in this state"), new("model", "Only those of this model"), new("limit", "At most so many; 100 where absent")],
        Gives = [new("DebugRequests")],
        Errors = Errors,
    };

    public static RouteNote Request { get; } = new(Group, "One request, also as the command that sends it again")
    {
        Parameters = [new("id", "Its x-request-id"), new("format", "`curl` gives the command alone")],
        Gives = [new("DebugRequest"), new(null) { MediaType = "text/plain" }],
        Errors = Errors,
    };
}
