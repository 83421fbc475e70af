using System.Globalization;
using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
using Spectre.Console;

namespace LmGateway.Cli.Status;

/// <summary>Shows a <see cref="StatusPicture"/>: a word and a fact in each line, the same words in the same order each time.</summary>
internal static class StatusText
{
    public static void Write(ServiceCall call, StatusPicture picture)
    {
        var health = picture.Health;
        if (!call.IsDirect)
            Line(call, "service", $"{health.Text("status")}, {call.Service.Location.Name}, version {health.Text("version")}, up {Figures.Time(TimeSpan.FromSeconds(health.Number("uptime_seconds") ?? 0))}", picture.IsWell);
        else Line(call, "service", $"not running at {call.Configured.Name}", isWell: false);
        foreach (var backend in health.Items("backends")) Line(call, "backend", Backend(backend), backend.Flag("reachable") && backend.Text("error") is null);
        if (health.Items("backends").Count == 0) Line(call, "backends", "not told without a key", isWell: null);
        foreach (var instance in Instances(picture)) Line(call, "loaded", instance, isWell: null);
        if (picture.Catalog is not null && !Instances(picture).Any()) Line(call, "loaded", "nothing", isWell: null);
        if (call.IsDirect) return;
        if (picture.Work is { } work) Line(call, "active", work.Member("activeModel")?.Text("modelKey") ?? "no model", isWell: null);
        if (picture.Work is { } counts)
            Line(call, "requests", string.Create(CultureInfo.InvariantCulture, $"{counts.Whole("activeRequests")} under way, {counts.Whole("waitingRequests")} waiting, {counts.Whole("totalRequests")} in all, {counts.Whole("totalErrors")} failed"), isWell: null);
        foreach (var load in picture.Queue?.Items("loads") ?? [])
            Line(call, "loading", $"{load.Text("modelKey")}, {Figures.Number(load.Number("progress") ?? 0)} %", isWell: null);
        if (health.Member("nats") is { } nats) Line(call, "NATS", Nats(nats), nats.Text("state") switch { "connected" => true, "off" => null, _ => false });
    }

    public static void WriteJson(Utf8JsonWriter writer, ServiceCall call, StatusPicture picture)
    {
        writer.WriteString("status", call.IsDirect ? "not-running" : picture.Health.Text("status"));
        writer.WriteString("url", call.IsDirect ? call.Configured.Name : call.Service.Location.Name);
        if (!call.IsDirect)
        {
            writer.WriteString("version", picture.Health.Text("version"));
            writer.WriteNumber("uptimeSeconds", picture.Health.Number("uptime_seconds") ?? 0);
        }

        Write(writer, "backends", picture.Health.Member("backends"));
        writer.WriteStartArray("loaded");
        foreach (var (model, instance) in Loaded(picture))
        {
            writer.WriteStartObject();
            writer.WriteString("modelKey", model.Text("modelKey"));
            writer.WriteString("backend", model.Text("backend"));
            instance.WriteMembers(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (call.IsDirect) return;
        Write(writer, "activeModel", picture.Work?.Member("activeModel"));
        writer.WriteStartObject("requests");
        foreach (var (name, from) in new[] { ("active", "activeRequests"), ("waiting", "waitingRequests"), ("total", "totalRequests"), ("errors", "totalErrors") })
            if (picture.Work?.Whole(from) is { } count) writer.WriteNumber(name, count);
        writer.WriteEndObject();
        Write(writer, "queue", picture.Queue);
        Write(writer, "nats", picture.Health.Member("nats"));
    }

    private static IEnumerable<(JsonElement Model, JsonElement Instance)> Loaded(StatusPicture picture) =>
        from model in picture.Catalog?.Items("models") ?? []
        from instance in model.Items("instances")
        select (model, instance);

    private static IEnumerable<string> Instances(StatusPicture picture) =>
        from pair in Loaded(picture)
        let name = pair.Instance.Text("instanceId")
        let context = pair.Instance.Whole("contextLength") is { } tokens ? string.Create(CultureInfo.InvariantCulture, $", context {tokens}") : ""
        let ttl = pair.Instance.Whole("ttlSeconds") is { } seconds ? $", unloaded after {Figures.Time(TimeSpan.FromSeconds(seconds))} idle" : ""
        select (name == pair.Model.Text("modelKey") ? name : $"{name} ({pair.Model.Text("modelKey")})") + context + ttl;

    private static string Backend(JsonElement backend)
    {
        var name = backend.Text("name") == backend.Text("kind") ? backend.Text("name") : $"{backend.Text("name")} ({backend.Text("kind")})";
        if (!backend.Flag("reachable")) return $"{name}: cannot be reached. {backend.Text("error")}".TrimEnd();
        var facts = string.Create(CultureInfo.InvariantCulture, $"{name}: {backend.Whole("models")} models, {backend.Whole("loaded")} loaded, answers in {Figures.Number(backend.Number("latency_ms") ?? 0)} ms");
        return backend.Text("error") is { } problem ? $"{facts}. {problem}" : facts;
    }

    private static string Nats(JsonElement nats) =>
        string.Join(", ", new[] { nats.Text("state"), nats.Text("server"), nats.Text("error") }.OfType<string>());

    private static void Write(Utf8JsonWriter writer, string name, JsonElement? value)
    {
        writer.WritePropertyName(name);
        if (value is { } known) known.WriteTo(writer);
        else writer.WriteNullValue();
    }

    private static void Line(ServiceCall call, string word, string fact, bool? isWell)
    {
        if (!call.Output.IsTerminal)
        {
            call.Output.Line($"{word,-9} {fact}");
            return;
        }

        var mark = isWell switch { true => "[green]●[/]", false => "[red]●[/]", null => "[grey]·[/]" };
        call.Output.Screen.MarkupLine($"{mark} [bold]{word,-9}[/] {Markup.Escape(fact)}");
    }
}
