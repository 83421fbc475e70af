using LmGateway.Backends;
using LmGateway.Backends.LmStudio;
using LmGateway.Backends.OpenAiCompatible;
using LmGateway.Tests.Backends.Piped;
using Microsoft.Extensions.Logging.Abstractions;

namespace LmGateway.Tests.Backends;

public sealed class LmStudioBackendContract : ReachedBackendContract
{
    internal override IBackend At(string address) => LmStudio(address);

    internal static LmStudioBackend LmStudio(string address) => new(OptionsFor(address), TimeProvider.System, NullLogger<LmStudioBackend>.Instance);
}

/// <summary>The simulator as nothing but a server with OpenAI's API.</summary>
public sealed class OpenAiBackendContract : ReachedBackendContract
{
    internal override IBackend At(string address) => new OpenAiBackend(OptionsFor(address), TimeProvider.System);
}

/// <summary>LM Studio through a pipe that carries bytes only.</summary>
public sealed class PipedBackendContract : ReachedBackendContract
{
    internal override IBackend At(string address) => new PipedBackend(LmStudioBackendContract.LmStudio(address));
}
