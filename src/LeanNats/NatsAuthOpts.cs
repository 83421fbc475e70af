namespace LeanNats;

/// <summary>
/// Who the client says it is; what is null is not used. Files are read anew for every connection, so that they can be renewed in place.
/// A user, password or token inside a server's URL goes before those here.
/// </summary>
public sealed record NatsAuthOpts
{
    /// <summary>No credentials.</summary>
    public static NatsAuthOpts Default { get; } = new();

    /// <summary>The user, with <see cref="Password"/>.</summary>
    public string? Username { get; init; }

    /// <summary>The password of <see cref="Username"/>.</summary>
    public string? Password { get; init; }

    /// <summary>A token in place of user and password.</summary>
    public string? Token { get; init; }

    /// <summary>A user JWT, signed for with <see cref="Seed"/>.</summary>
    public string? Jwt { get; init; }

    /// <summary>The seed of an NKEY (<c>SU…</c>): signs the server's nonce, alone or for <see cref="Jwt"/>.</summary>
    public string? Seed { get; init; }

    /// <summary>A file that holds a seed.</summary>
    public string? NKeyFile { get; init; }

    /// <summary>The text of a credentials file: a user JWT and its seed.</summary>
    public string? Creds { get; init; }

    /// <summary>A credentials file, as <c>nsc</c> writes it.</summary>
    public string? CredsFile { get; init; }

    /// <summary>Names what is set, never a secret.</summary>
    public override string ToString() =>
        (CredsFile ?? Creds) is not null ? "credentials"
        : Jwt is not null ? "JWT"
        : (NKeyFile ?? Seed) is not null ? "NKEY"
        : Token is not null ? "token"
        : Username is not null ? "user and password"
        : "none";
}
