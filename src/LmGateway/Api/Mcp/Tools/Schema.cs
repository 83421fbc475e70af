using System.Text.Json;

namespace LmGateway.Api.Mcp.Tools;

/// <summary>JSON schemas of tools. Each is written as the members of its properties.</summary>
internal static class Schema
{
    /// <summary>The properties that every description of a job has.</summary>
    public const string Job = """
        "job_id": {"type":"string"}, "tool": {"type":"string"}, "status": {"enum":["running","done","failed","cancelled"]},
        "message": {"type":"string","description":"What it is doing."}, "percent": {"type":"number"}, "seconds": {"type":"number","description":"Since it began."}
        """;

    /// <summary>Arguments: nothing but these.</summary>
    public static JsonElement Arguments(string properties = "", params string[] required) => Of(properties, required, closed: true);

    /// <summary>A result, which may grow.</summary>
    public static JsonElement Result(string properties, params string[] required) => Of(properties, required, closed: false);

    private static JsonElement Of(string properties, string[] required, bool closed) => JsonElement.Parse(
        $$"""{"type":"object","properties":{{{properties}}}{{(required.Length == 0 ? "" : $",\"required\":[{string.Join(',', required.Select(name => $"\"{name}\""))}]")}}{{(closed ? ",\"additionalProperties\":false" : "")}}}""");
}
