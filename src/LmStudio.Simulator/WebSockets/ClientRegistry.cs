namespace LmStudio.Simulator.WebSockets;

/// <summary>
/// The clients that hold at least one connection. While an identifier is held, its first passkey is the only right one.
/// </summary>
internal sealed class ClientRegistry
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Passkey, int Connections)> _clients = new(StringComparer.Ordinal);

    /// <summary>Counts one more connection in; false when the passkey is not the one that came first.</summary>
    public bool TryEnter(string identifier, string passkey)
    {
        lock (_gate)
        {
            var client = _clients.GetValueOrDefault(identifier, (Passkey: passkey, Connections: 0));
            if (client.Passkey != passkey) return false;
            _clients[identifier] = client with { Connections = client.Connections + 1 };
            return true;
        }
    }

    public void Leave(string identifier)
    {
        lock (_gate)
        {
            var client = _clients[identifier];
            if (client.Connections == 1) _clients.Remove(identifier);
            else _clients[identifier] = client with { Connections = client.Connections - 1 };
        }
    }
}
