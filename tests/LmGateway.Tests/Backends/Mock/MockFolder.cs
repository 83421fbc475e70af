namespace LmGateway.Tests.Backends.Mock;

/// <summary>A folder of replies that goes with the test.</summary>
internal sealed class MockFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("lmgateway-mocks-");

    public string Path => folder.FullName;

    public void Write(string name, string yaml)
    {
        var file = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, yaml);
    }

    public void Dispose() => folder.Delete(recursive: true);
}
