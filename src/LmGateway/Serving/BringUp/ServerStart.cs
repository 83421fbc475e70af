using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.BringUp;

/// <summary>Sees to it that a backend's server runs. Whoever wants the same server at the same time shares one start.</summary>
internal sealed class ServerStart(ModelCatalog catalog, LiveSettings settings, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    private readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>
    /// The backend as it answers now, and whether it had to be started. A server that answers counts as installed, wherever it is.
    /// Throws <see cref="ErrorCode.BackendUnreachable"/> with what a person has to do.
    /// </summary>
    public async Task<(BackendView View, bool Started)> EnsureAsync(IBackend backend, Action<BringUpMoment> tell, CancellationToken cancellationToken)
    {
        if (await LookAsync(backend, cancellationToken) is { Reachable: true } running) return (running, false);
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (await LookAsync(backend, cancellationToken) is { Reachable: true } meanwhile) return (meanwhile, false);
            var program = Startable(backend);
            tell(new BringUpMoment($"Starting {program.Words.Product}"));
            return (await StartAsync(backend, program, cancellationToken), true);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task<BackendView> StartAsync(IBackend backend, IServerProgram program, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(settings.Current.BringUp.ServerSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            await program.StartServerAsync(either.Token);
            while (true)
            {
                if (await LookAsync(backend, either.Token) is { Reachable: true } view) return view;
                await Task.Delay(Pace, time, either.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failure(backend, $"{program.Words.Product} was started but did not answer within {settings.Current.BringUp.ServerSeconds} s (bring_up.server_seconds). Start it by hand and run init_llm again.");
        }
        catch (GatewayException refused)
        {
            throw Failure(backend, $"{program.Words.Product} could not be started: {refused.Message} Start it by hand and run init_llm again.");
        }
    }

    private IServerProgram Startable(IBackend backend)
    {
        var problem = catalog.Current.Find(backend.Name)?.Problem ?? "it cannot be reached.";
        if (backend.Program is not { } program) throw Failure(backend, $"'{backend.Name}' is not running and cannot be started from here: {problem}");
        if (!program.IsLocal) throw Failure(backend, $"{program.Words.Product} is on another machine and does not answer; start it there. {problem}");
        if (program.Find() is null) throw Failure(backend, program.Words.NotInstalled);
        return program;
    }

    private async Task<BackendView?> LookAsync(IBackend backend, CancellationToken cancellationToken) =>
        (await catalog.RefreshAfterChangeAsync(backend, cancellationToken)).Find(backend.Name);

    private static GatewayException Failure(IBackend backend, string message) =>
        new(new GatewayError(ErrorCode.BackendUnreachable, message) { Backend = backend.Name });
}
