using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LeanNats.Tests.Servers;

/// <summary>An authority of our own with a server's certificate for this machine and a client's, as PEM files in a folder.</summary>
public sealed class TestCertificates : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("leannats-tls-");

    public TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=LeanNats test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(CaFile, authority.ExportCertificatePem());
        Issue(authority, "server");
        Issue(authority, "client");
    }

    public string CaFile => PathOf("ca.pem");

    public string PathOf(string name) => Path.Combine(folder.FullName, name);

    /// <summary>The <c>tls</c> block of a server's configuration.</summary>
    public string ServerConfig(bool verifyClients = false, string more = "") =>
        $$"""
        tls {
          cert_file: "{{PathOf("server.pem")}}"
          key_file: "{{PathOf("server.key")}}"
          ca_file: "{{CaFile}}"
          verify: {{(verifyClients ? "true" : "false")}}
          {{more}}
        }
        """;

    public X509Certificate2 LoadServer()
    {
        using var pem = X509Certificate2.CreateFromPemFile(PathOf("server.pem"), PathOf("server.key"));
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private void Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(
            authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(23), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(PathOf(name + ".pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf(name + ".key"), key.ExportPkcs8PrivateKeyPem());
    }
}
