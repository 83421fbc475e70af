using System.Text.Json.Nodes;

namespace LmStudio.Simulator.Http;

/// <summary>How programs recognise LM Studio; needs no token.</summary>
internal static class GreetingRoutes
{
    public const string Greeting = "/lmstudio-greeting";

    public static void Map(RouteTable routes)
    {
        routes.Add("GET", Greeting, exchange => exchange.ReplyAsync(new JsonObject { ["lmstudio"] = true }));
        routes.Add("GET", "/lms-status", exchange => exchange.ReplyAsync(new JsonObject { ["lmstudio"] = true }));
    }
}
