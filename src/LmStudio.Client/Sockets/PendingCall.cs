using System.Text.Json;

namespace LmStudio.Client.Sockets;

/// <summary>A call that waits for its result. The first answer counts.</summary>
internal sealed class PendingCall(string endpoint)
{
    private readonly TaskCompletionSource<JsonElement?> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Endpoint => endpoint;

    public Task<JsonElement?> Result => completion.Task;

    public void Succeed(JsonElement? result) => completion.TrySetResult(result);

    public void Fail(LmStudioException failure) => completion.TrySetException(failure);
}
