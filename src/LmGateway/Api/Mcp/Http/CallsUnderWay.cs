using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace LmGateway.Api.Mcp.Http;

/// <summary>
/// The calls of clients that shook hands. Those do not leave a reply to end a call but say so in another message, so that the two have to
/// be brought together: by the id of the call, and by a session whose only meaning is to tell equal ids of two clients apart.
/// </summary>
internal sealed class CallsUnderWay
{
    public const string SessionHeader = "Mcp-Session-Id";

    private readonly ConcurrentDictionary<(string Session, string Id), CancellationTokenSource> calls = new();

    /// <summary>Nobody can guess it.</summary>
    public static string NewSession() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>The call can be cancelled until what is returned is disposed of.</summary>
    public IDisposable Track(string session, string id, CancellationTokenSource ending)
    {
        calls[(session, id)] = ending;
        return new Tracked(this, (session, id), ending);
    }

    /// <summary>Ends the call, if it is still under way.</summary>
    public async Task CancelAsync(string session, string id)
    {
        if (calls.TryRemove((session, id), out var ending)) await ending.CancelAsync();
    }

    private sealed class Tracked(CallsUnderWay owner, (string Session, string Id) key, CancellationTokenSource ending) : IDisposable
    {
        public void Dispose() => owner.calls.TryRemove(new KeyValuePair<(string, string), CancellationTokenSource>(key, ending));
    }
}
