using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Backends.Mock;

internal static class MockServices
{
    public static IServiceCollection AddMock(this IServiceCollection services) => services.AddSingleton<IBackend, MockBackend>();
}
