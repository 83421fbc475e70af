using LeanNats.Protocol;
using LeanNats.Transport;

namespace LeanNats.Authentication;

/// <summary>Adds to CONNECT what shows who the client is.</summary>
internal sealed class Authenticator(NatsAuthOpts opts)
{
    /// <summary>Reads the files anew. Throws <see cref="FormatException"/> for keys that are none, <see cref="IOException"/> for files.</summary>
    public async Task<ConnectOptions> SignAsync(ConnectOptions connect, ServerAddress server, string? nonce, CancellationToken cancellationToken)
    {
        if (server.Password is not null) return connect with { User = server.User, Pass = server.Password };
        if (server.User is not null) return connect with { AuthToken = server.User };
        connect = connect with { User = opts.Username, Pass = opts.Password, AuthToken = opts.Token };

        var creds = opts.CredsFile is { } file ? await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false) : opts.Creds;
        if (creds is not null)
        {
            var (jwt, seed) = Authentication.CredsFile.Parse(creds);
            return WithSignature(connect with { Jwt = jwt }, seed, nonce);
        }

        var keyText = opts.NKeyFile is { } path
            ? Authentication.CredsFile.ParseSeed(await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false))
            : opts.Seed;
        return keyText is null ? connect with { Jwt = opts.Jwt } : WithSignature(connect with { Jwt = opts.Jwt }, keyText, nonce);
    }

    /// <summary>A server that gave no nonce wants no signature.</summary>
    private static ConnectOptions WithSignature(ConnectOptions connect, string seed, string? nonce)
    {
        if (nonce is null) return connect;
        using var key = NKeySeed.Parse(seed);
        return connect with { Sig = key.Sign(nonce), Nkey = connect.Jwt is null ? key.PublicKey : null };
    }
}
