using LmGateway.Backends;
using LmGateway.Backends.Mock;
using LmGateway.Configuration;
using LmGateway.Tests.Functional;

namespace LmGateway.Tests.Backends.Mock;

public sealed class MockBackendContract : BackendContract
{
    private readonly ManualTime time = new();
    private readonly MockFolder folder = new();

    protected override string Endless => "endless";

    protected override string Caller => "caller";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        folder.Dispose();
    }

    internal override Task<IBackend> StartAsync()
    {
        folder.Write($"{Model}.yaml", "responses: [{ text: '1, 2, 3' }]");
        folder.Write("endless.yaml", "responses: [{ text: and so on and on }]\nsettings: { chunk_delay_ms: 1000 }");
        folder.Write("caller.yaml", "responses: [{ tool_calls: [{ id: call_1, type: function, function: { name: add, arguments: '{\"a\":1}' } }] }]");
        return Task.FromResult<IBackend>(new MockBackend(new GatewayOptions { Inference = new InferenceOptions { MockResponsesDir = folder.Path } }, time));
    }

    /// <summary>Nothing waits for the next piece any more.</summary>
    protected override Task AssertEndedAsync() => Eventually.TrueAsync(() => time.Pending == 0, "nothing waits for the next piece");
}
