using System.Text.Json;
using LmGateway.Tests.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Provider;

/// <summary>The service with an <c>inference</c> section.</summary>
internal static class ProviderGateway
{
    public const string Chat = "/v1/chat/completions";

    /// <summary>In front of a simulated LM Studio, the section being the YAML's.</summary>
    public static Task<GatewayUnderTest> StartAsync(string section = "provider: lmstudio", Func<SimulatorOptions, SimulatorOptions>? simulate = null)
    {
        var inference = Section(section);
        return GatewayUnderTest.StartAsync(simulate, options => options with { Inference = inference });
    }

    /// <summary>In front of something else.</summary>
    public static Task<GatewayUnderTest> StartAgainstAsync(string address, string section)
    {
        var inference = Section(section);
        return GatewayUnderTest.StartAgainstAsync(address, options => options with { Inference = inference });
    }

    public static Task<(int Status, JsonElement Body)> ChatAsync(this GatewayUnderTest gateway, string more = "", string model = GatewayUnderTest.Chat) =>
        gateway.PostJsonAsync(Chat, GatewayUnderTest.ChatBody(model, "count to 3", more));

    /// <summary>The data of every event of a streamed chat.</summary>
    public static async Task<List<string>> StreamAsync(this GatewayUnderTest gateway, string more = "", string model = GatewayUnderTest.Chat)
    {
        using var response = await gateway.PostAsync(Chat, GatewayUnderTest.ChatBody(model, "count to 3", "\"stream\":true" + (more.Length > 0 ? "," + more : "")));
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        return [.. (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(text => text.StartsWith("data: ", StringComparison.Ordinal)).Select(text => text["data: ".Length..])];
    }

    /// <summary>The chat that reached LM Studio last.</summary>
    public static JsonElement Sent(this GatewayUnderTest gateway) => JsonElement.Parse(gateway.Seen()[^1].Body);

    /// <summary>Every chat that reached LM Studio.</summary>
    public static IReadOnlyList<SeenRequest> Seen(this GatewayUnderTest gateway) =>
        [.. gateway.Simulator.State.Counters.LastRequests.Where(request => request.Path.StartsWith(Chat, StringComparison.Ordinal))];

    public static void AssertError(this (int Status, JsonElement Body) reply, int status, string type, string? code, string message)
    {
        var error = reply.Body.GetProperty("error");
        Assert.Equal((status, type, code), (reply.Status, error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.Equal(message, error.GetProperty("message").GetString());
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(member => member.Name));
    }

    private static LmGateway.Configuration.InferenceOptions Section(string section)
    {
        var loaded = Given.FromYaml("inference:\n  " + section.Replace("\n", "\n  ", StringComparison.Ordinal));
        Assert.Empty(loaded.Errors);
        return loaded.Options.Inference;
    }
}
