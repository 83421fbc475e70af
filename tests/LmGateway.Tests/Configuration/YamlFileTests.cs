using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

public sealed class YamlFileTests
{
    [Fact]
    public void Sections_nest_and_every_value_knows_its_line()
    {
        var loaded = Given.FromYaml(
            """
            # a comment
            scheduling:
              on_demand:
                ttl_seconds: 60
                load_config: { gpu_ratio: 0.5 }
            node: desk
            """);

        Assert.Equal((60, 0.5, "desk"), (loaded.Options.Scheduling.OnDemandTtlSeconds, loaded.Options.Scheduling.OnDemandGpuRatio, loaded.Options.Node));
        Assert.Equal("lmgateway.yaml line 4", loaded.Effective["scheduling.on_demand.ttl_seconds"].Source.Text);
        Assert.Equal("lmgateway.yaml line 5", loaded.Effective["scheduling.on_demand.load_config.gpu_ratio"].Source.Text);
        Assert.Equal("lmgateway.yaml line 6", loaded.Effective["node"].Source.Text);
    }

    [Theory]
    [InlineData("security:\n  ip_allowlist: [10.0.0.1, 10.0.0.2]")]
    [InlineData("security:\n  ip_allowlist:\n    - 10.0.0.1\n    - \"10.0.0.2\"\n    -")]
    [InlineData("security:\n  ip_allowlist: 10.0.0.1, 10.0.0.2")]
    [InlineData("security.ip_allowlist: 10.0.0.1, 10.0.0.2")]
    public void A_list_is_a_list_or_text_with_commas(string yaml)
    {
        var loaded = Given.FromYaml(yaml);

        Assert.Empty(loaded.Errors);
        Assert.Equal(["10.0.0.1", "10.0.0.2"], loaded.Options.Security.IpAllowlist);
    }

    [Theory]
    [InlineData("inference:\n  htpp:\n    timeout_secs: 1", "inference.htpp (lmgateway.yaml line 2): there is no such setting; did you mean inference.http?")]
    [InlineData("inference:\n  http:\n    timeout: 1", "inference.http.timeout (lmgateway.yaml line 3): there is no such setting; did you mean inference.http.timeout_secs?")]
    [InlineData("lmstudio:\n  baseUrl: http://a", "lmstudio.baseUrl (lmgateway.yaml line 2): there is no such setting; did you mean lmstudio.base_url?")]
    [InlineData("security:\n  apikey: hunter2", "security.apikey (lmgateway.yaml line 2): there is no such setting; did you mean security.api_key?")]
    [InlineData("queue_limit: 3", "queue_limit (lmgateway.yaml line 1): there is no such setting; did you mean scheduling.queue_limit?")]
    [InlineData("weather:\n  forecast: sunny", "weather (lmgateway.yaml line 1): there is no such setting; lmgateway.example.yaml lists all")]
    [InlineData("inference: lmstudio", "inference (lmgateway.yaml line 1): this is a section: indented keys below it are expected, such as inference.base_url")]
    [InlineData("listen:\n  - port", "listen (lmgateway.yaml line 2): this is a section: indented keys below it are expected, such as listen.http")]
    [InlineData("listen:\n  port: { a: 1 }", "listen.port (lmgateway.yaml line 2): a whole number from 0 to 65535 is expected, not keys below it")]
    [InlineData("listen:\n  port: [8000, 8001]", "listen.port = \"8000, 8001\" (lmgateway.yaml line 2): a whole number from 0 to 65535 is expected, not a list")]
    [InlineData("- listen", "lmgateway.yaml line 1: sections such as 'lmstudio:' are expected")]
    [InlineData("node: a\n---\nnode: b", "lmgateway.yaml line 3: one document is expected, without ---")]
    [InlineData("a: &x [*x]", "a (lmgateway.yaml line 1): there is no such setting; lmgateway.example.yaml lists all")]
    public void What_is_not_a_setting_is_an_error_with_its_line(string yaml, string error) =>
        Assert.Equal(error, Assert.Single(Given.FromYaml(yaml).Errors).ToString());

    [Theory]
    [InlineData("node: 'a", "lmgateway.yaml line 1: this is not valid YAML: ")]
    [InlineData("listen:\n\tport: 1", "lmgateway.yaml line 2: this is not valid YAML: ")]
    [InlineData("node: a\nnode: b", "lmgateway.yaml line 2: this is not valid YAML: ")]
    public void A_broken_file_is_an_error_with_its_line(string yaml, string error) =>
        Assert.StartsWith(error, Assert.Single(Given.FromYaml(yaml).Errors).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("# nothing")]
    [InlineData("---")]
    [InlineData("listen:\nscheduling: {}")]
    public void An_empty_file_or_section_sets_nothing(string yaml)
    {
        var loaded = Given.FromYaml(yaml);

        Assert.Empty(loaded.Errors);
        Assert.All(loaded.Effective, setting => Assert.Equal(LayerKind.Default, setting.Source.Layer));
    }
}
