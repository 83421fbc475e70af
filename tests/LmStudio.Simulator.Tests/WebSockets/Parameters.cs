using System.Text.Json.Nodes;

namespace LmStudio.Simulator.Tests.WebSockets;

/// <summary>The JSON texts of parameters that many tests send, and the calls that need several frames.</summary>
internal static class Parameters
{
    public const string NoConfig = """{"layers":[]}""";

    public static string Load(string key, string more = "") => $$"""{"modelKey":"{{key}}","loadConfigStack":{{NoConfig}}{{more}}}""";

    public static string GetOrLoad(string key, string more = "") => $$"""{"identifier":"{{key}}","loadConfigStack":{{NoConfig}}{{more}}}""";

    public static string Predict(string reference, string text, string fields = "[]") =>
        $$$$"""{"modelSpecifier":{{{{Reference(reference)}}}},"history":{"messages":[{"role":"user","content":[{"type":"text","text":"{{{{text}}}}"}]}]},"predictionConfigStack":{{{{Stack(fields)}}}}}""";

    public static string Stack(string fields) => $$$"""{"layers":[{"layerName":"apiOverride","config":{"fields":{{{fields}}}}}]}""";

    public static string Reference(string reference) => $$"""{"type":"instanceReference","instanceReference":"{{reference}}"}""";

    public static string Query(string query = "{}") => $$"""{"type":"query","query":{{query}}}""";

    /// <summary>Loads a model and returns its instance.</summary>
    public static async Task<JsonNode> LoadAsync(this FrameClient client, string key, string more = "")
    {
        await client.CreateAsync("loadModel", Load(key, more));
        var frames = await client.ReadToEndAsync();
        return frames[^2]["message"]!["info"]!;
    }

    public static string Text(this JsonNode node, string name) => node[name]!.GetValue<string>();
}
