using LmGateway.Cli.Doctor;
using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Cli.Doctor;

/// <summary>What the doctor says of disks, by what they have free.</summary>
public sealed class FolderCheckTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("lmgateway-disk-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(0, FindingLevel.Broken, "disk_full", FindingLevel.Problem, "disk_full")]
    [InlineData(500_000_000, FindingLevel.Ok, "ok", FindingLevel.Problem, "disk_full")]
    [InlineData(5_000_000_000, FindingLevel.Ok, "ok", FindingLevel.Note, "disk_little")]
    [InlineData(50_000_000_000, FindingLevel.Ok, "ok", FindingLevel.Ok, "ok")]
    [InlineData(-1, FindingLevel.Ok, "ok", FindingLevel.Ok, "ok")]
    internal void A_disk_without_room_is_told_with_what_to_do(long free, FindingLevel stateLevel, string stateCode, FindingLevel modelsLevel, string modelsCode)
    {
        var options = new GatewayOptions { StateDir = Path.Combine(folder, "not", "yet"), LmStudio = new LmStudioOptions { ModelsDir = folder } };
        var found = new FolderCheck(options, _ => free < 0 ? null : free).Run(withModels: true).ToList();
        Assert.Equal([(stateLevel, stateCode), (modelsLevel, modelsCode)], found.Select(finding => (finding.Level, finding.Code)));
        Assert.All(found, finding => Assert.Equal(finding.Level == FindingLevel.Ok, finding.Fix is null));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }
}
