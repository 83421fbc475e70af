using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Security;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.Admin;

/// <summary><c>/admin/keys</c>: keys listed, made and revoked. A secret is in the reply that makes it and nowhere else.</summary>
internal static class AdminKeys
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/admin/keys", ["GET", "HEAD"], ListAsync).Describe(AdminNotes.Keys);
        routes.MapPost("/admin/keys", CreateAsync).Describe(AdminNotes.NewKey);
        routes.MapDelete("/admin/keys/{name}", RevokeAsync).Describe(AdminNotes.RevokeKey);
    }

    private static Task ListAsync(HttpContext context, KeyFile file, KeyRing ring) => JsonReply.WriteAsync(context, 200, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("keys");
        foreach (var key in ring.OfSettings) Write(json, key, "settings");
        foreach (var key in file.Read() ?? []) Write(json, key, "state");

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static async Task CreateAsync(HttpContext context, BodyBudget budget, KeyFile file, KeyWatch watch)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var fields = JsonFields.Of(body.Memory);
        var wanted = new StoredKey
        {
            Name = fields.RequiredText("name"),
            Sha256 = "",
            Scopes = fields.Texts("scopes") ?? ["inference"],
            Models = fields.Texts("models") ?? [],
            RequestsPerMinute = fields.Whole(1, int.MaxValue, "requestsPerMinute"),
            TokensPerMinute = fields.Whole(1, int.MaxValue, "tokensPerMinute"),
            TokensPerDay = fields.Whole(1, int.MaxValue, "tokensPerDay"),
        };
        fields.ThrowOnFaults();
        context.Concerns(wanted.Name);
        var secret = await file.CreateAsync(wanted, context.RequestAborted);
        watch.Look();
        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("key", secret);
            wanted.WriteMembers(json);
            json.WriteEndObject();
        });
    }

    private static async Task RevokeAsync(HttpContext context, string name, KeyFile file, KeyWatch watch)
    {
        context.Concerns(name);
        if (!await file.RevokeAsync(name, context.RequestAborted)) throw new GatewayException(ErrorCode.RouteNotFound, $"There is no key '{name}'.");
        watch.Look();
        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("revoked", name);
            json.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter json, StoredKey key, string source)
    {
        json.WriteStartObject();
        key.WriteMembers(json);
        json.WriteString("source", source);
        if (key.Created != default) json.WriteString("created", key.Created);
        json.WriteEndObject();
    }
}
