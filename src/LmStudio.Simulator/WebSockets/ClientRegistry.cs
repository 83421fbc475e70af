namespace LmStudio.Simulator.WebSockets;

/// <summary>
/// The clients that hold at least one connection. While an identifier is held its first passkey is the only right one, and its uploaded
/// files live; both go with its last connection.
/// </summary>
internal sealed class ClientRegistry
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Passkey, int Connections, UploadedFiles Files)> _clients = new(StringComparer.Ordinal);

    /// <summary>Counts one more connection in; null when the passkey is not the one that came first.</summary>
    public UploadedFiles? Enter(string identifier, string passkey)
    {
        lock (_gate)
        {
            var client = _clients.GetValueOrDefault(identifier, (Passkey: passkey, Connections: 0, Files: new UploadedFiles()));
            if (client.Passkey != passkey) return null;
            _clients[identifier] = client with { Connections = client.Connections + 1 };
            return client.Files;
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
