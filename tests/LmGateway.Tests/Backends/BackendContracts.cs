using LmGateway.Backends;
using LmGateway.Backends.LmStudio;
using LmGateway.Backends.OpenAiCompatible;
using LmGateway.Tests.Backends.Piped;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace LmGateway.Tests.Backends;

public sealed class LmStudioBackendContract : ReachedBackendContract
{
    internal override IBackend At(string address) => LmStudio(address);

    internal static LmStudioBackend LmStudio(string address) => new(OptionsFor(address), TimeProvider.System, NullLogger<LmStudioBackend>.Instance);
}

/// <summary>The simulator as nothing but a server with OpenAI's API.</summary>
public sealed class OpenAiBackendContract : ReachedBackendContract
{
    [Theory]
    [InlineData("https://api.openai.com", true)]
    [InlineData("http://127.0.0.1:8080", false)]
    public void Only_the_official_cloud_is_known_to_refuse_unknown_parameters(string address, bool refuses)
    {
        var traits = At(address).Traits;
        Assert.Equal((refuses, refuses), (traits.Defects.HasFlag(DialectDefects.RefusesUnknownParameters), traits.Extensions is { Count: 0 }));
        Assert.False(traits.NamesTheInstance);
    }

    internal override IBackend At(string address) => new OpenAiBackend(OptionsFor(address), TimeProvider.System);
}

/// <summary>LM Studio through a pipe that carries bytes only.</summary>
public sealed class PipedBackendContract : ReachedBackendContract
{
    internal override IBackend At(string address) => new PipedBackend(LmStudioBackendContract.LmStudio(address));
}
