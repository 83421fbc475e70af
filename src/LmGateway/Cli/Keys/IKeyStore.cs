using LmGateway.Security;

namespace LmGateway.Cli.Keys;

/// <summary>Where named keys are made and revoked.</summary>
internal interface IKeyStore
{
    /// <summary>The secret of the new key, which is not kept.</summary>
    Task<string> CreateAsync(StoredKey wanted, CancellationToken cancellationToken);

    Task<IReadOnlyList<StoredKey>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Throws where there is no such key.</summary>
    Task RevokeAsync(string name, CancellationToken cancellationToken);
}
