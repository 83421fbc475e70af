using LmGateway.Api.Http;
using LmGateway.Events;
using LmGateway.Reload;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.Admin;

/// <summary><c>POST /admin/reload</c>: reads the configuration again, now.</summary>
internal static class AdminReload
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/admin/reload", ReloadAsync).Describe(AdminNotes.Reload);

    private static async Task ReloadAsync(HttpContext context, ConfigurationReload reload)
    {
        var outcome = await reload.ReloadAsync(context.RequestAborted);
        if (outcome.IsRefused)
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, "The configuration has errors; what held before still holds.") { Details = [.. outcome.Errors.Select(error => error.ToString())] });
        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("reloaded", true);
            json.WriteList("changed", outcome.Changed);
            json.WriteList("needRestart", outcome.NeedRestart);
            json.WriteList("warnings", outcome.Warnings);
            json.WriteEndObject();
        });
    }
}
