using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

/// <summary>Which backends the settings name.</summary>
public sealed class BackendSettingsTests
{
    [Theory]
    [InlineData("lmstudio", "lmstudio")]
    [InlineData("LM-Studio", "lmstudio")]
    [InlineData("ollama@http://localhost:11435/", "ollama@http://localhost:11435")]
    [InlineData("Box = llama.cpp @ http://10.0.0.5:8080/v1", "box=llama-server@http://10.0.0.5:8080")]
    [InlineData("cloud=openai@https://api.openai.com/v1", "cloud=openai@https://api.openai.com")]
    public void An_entry_is_read_in_any_usual_spelling(string text, string canonical) =>
        Assert.Equal([canonical], Given.FromYaml($"backends: [\"{text}\"]").Options.Backends);

    [Theory]
    [InlineData("vllm")]
    [InlineData("openai")]
    [InlineData("box=llama-server")]
    [InlineData("a/b=ollama")]
    [InlineData("=ollama")]
    [InlineData("ollama@not an address")]
    [InlineData("mock@http://127.0.0.1:1")]
    public void What_is_no_entry_is_refused_with_what_is_expected(string text)
    {
        var error = Assert.Single(Given.FromYaml($"backends: [\"{text}\"]").Errors);
        Assert.Equal(("backends", text), (error.Key, error.Value));
        Assert.Contains("[name=]kind[@address]", error.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_list_the_provider_is_the_only_backend()
    {
        Assert.Equal(["lmstudio"], Names(Given.Nothing()));
        Assert.Equal(["mock"], Names(Given.FromYaml("inference:\n  provider: mock")));
    }

    [Theory]
    [Trait("req", "S3-01")]
    [InlineData("OLLAMA_URL", "http://localhost:11434", "lmstudio,ollama")]
    [InlineData("BACKEND", "ollama", "lmstudio,ollama")]
    [InlineData("BACKEND", "auto", "lmstudio,ollama")]
    [InlineData("BACKEND", "lmstudio", "lmstudio")]
    public void Who_names_Ollama_has_it_beside_the_other(string variable, string value, string backends) =>
        Assert.Equal(backends, string.Join(',', Names(Given.FromEnvironment((variable, value)))));

    [Fact]
    public void Two_backends_of_one_name_are_refused()
    {
        var error = Assert.Single(Given.FromYaml("backends: [ollama, \"ollama@http://box:11434\"]").Errors);
        Assert.Contains("ollama2=ollama@http://box:11434", error.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_go_by_the_names_of_backends_and_are_never_shown()
    {
        var loaded = Given.FromYaml("backends: [lmstudio, \"box=openai@http://10.0.0.5:8000\"]\nbackend_keys: [box=sk-1, other=sk-2]");
        Assert.Equal(("sk-1", null), (loaded.Options.BackendEntries[1].KeyAmong(loaded.Options.BackendKeys), loaded.Options.BackendEntries[0].KeyAmong(loaded.Options.BackendKeys)));
        Assert.Contains("'other'", Assert.Single(loaded.Warnings), StringComparison.Ordinal);
        Assert.Equal("***", loaded.Effective["backend_keys"].Text);
        Assert.Single(Given.FromYaml("backend_keys: [sk-1]").Errors);
    }

    [Fact]
    public void The_gateways_own_address_is_no_backend()
    {
        var error = Assert.Single(Given.FromYaml("backends: [\"me=openai@http://127.0.0.1:8000\"]").Errors);
        Assert.Contains("own address", error.Fix, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(LoadedSettings loaded) => loaded.Options.BackendEntries.Select(entry => entry.Name);
}
