using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace LeanNats.Transport;

/// <summary>Encrypts a connection.</summary>
internal static class Tls
{
    /// <summary>Whether a server that said <paramref name="info"/> is to be spoken to in TLS.</summary>
    public static bool IsWanted(NatsTlsOpts opts, ServerAddress server, NatsServerInfo info)
    {
        var offered = info.TlsRequired || info.TlsAvailable;
        return opts.Mode switch
        {
            NatsTlsMode.Disable => info.TlsRequired ? throw Refused(server, "the server requires TLS, which is switched off here") : false,
            NatsTlsMode.Require => offered ? true : throw Refused(server, "TLS is required here and the server has none"),
            NatsTlsMode.Prefer => offered,
            _ when server.TlsRequired => offered ? true : throw Refused(server, "tls:// was asked for and the server has none"),
            _ => info.TlsRequired || (info.TlsAvailable && opts.IsConfigured),
        };
    }

    public static async Task<SslStream> EncryptAsync(Stream stream, NatsTlsOpts opts, string host, CancellationToken cancellationToken)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
#pragma warning disable CA5359 // the user asked for it by name
        if (opts.InsecureSkipVerify) options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        if (opts.CaFile is not null) options.CertificateChainPolicy = TrustOnly(opts.CaFile);
        if (opts.CertFile is not null) options.ClientCertificates = [LoadClientCertificate(opts)];
        opts.ConfigureClientAuthentication?.Invoke(options);
        var encrypted = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await encrypted.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
            return encrypted;
        }
        catch
        {
            await encrypted.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static X509ChainPolicy TrustOnly(string caFile)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(caFile);
        return policy;
    }

    private static X509Certificate2 LoadClientCertificate(NatsTlsOpts opts)
    {
        using var pem = X509Certificate2.CreateFromPemFile(opts.CertFile!, opts.KeyFile);
        // A key that was only read from PEM cannot be used by every platform's TLS.
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), password: null);
    }

    private static NatsConnectionFailedException Refused(ServerAddress server, string why) => new($"No connection to {server}: {why}.");
}
