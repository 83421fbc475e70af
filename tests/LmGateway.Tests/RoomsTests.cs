using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace LmGateway.Tests;

/// <summary>
/// Which room may use which. Arrows point down or to the nouns that everyone shares: never upwards, never sideways
/// between two APIs or two backends. A folder that is missing here fails, and so does an arrow that is not drawn here.
/// </summary>
public sealed class RoomsTests
{
    private static readonly string[] Shared = ["Vocabulary", "Configuration", "Events", "Observability"];
    private static readonly string[] ApiArrows = ["Api.Http", "Serving", "Catalog", "Security", "Reload", .. Shared];

    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Vocabulary"] = [],
        ["Configuration"] = ["Vocabulary"],
        ["Events"] = ["Vocabulary"],
        ["Observability"] = ["Vocabulary", "Configuration", "Events"],
        ["State"] = [.. Shared],
        ["Security"] = ["State", .. Shared],
        ["Backends"] = [.. Shared],
        ["Backends.Wire"] = ["Backends", .. Shared],
        ["Backends.OpenAiCompatible"] = ["Backends", "Backends.Wire", .. Shared],
        ["Backends.Mock"] = ["Backends", "Backends.Wire", .. Shared],
        ["Backends.Ollama"] = ["Backends", "Backends.Wire", .. Shared],
        ["Backends.LmStudio"] = ["Backends", "Backends.Wire", "LmStudio.Client", .. Shared],
        ["Nats"] = ["LeanNats", .. Shared],
        ["Catalog"] = ["Backends", .. Shared],
        ["Scheduling"] = ["Catalog", "Backends", .. Shared],
        ["Serving"] = ["Scheduling", "Catalog", "Backends", "Backends.Wire", "State", "Nats", .. Shared],
        ["Reload"] = ["Catalog", "Backends", "Security", .. Shared],
        ["Api.Http"] = ["State", "Serving", "Catalog", "Security", "Nats", .. Shared],
        ["Api.OpenAi"] = ApiArrows,
        ["Api.Chat"] = ApiArrows,
        ["Api.LmStudio"] = ApiArrows,
        ["Api.Admin"] = ApiArrows,
        ["Api.Debug"] = ApiArrows,
        ["Api.Metrics"] = ApiArrows,
        ["Api.Health"] = ApiArrows,
        ["Api.Help"] = ApiArrows,
        ["Api.Mcp"] = ApiArrows,
        ["Api.Nats"] = ["Nats", "LeanNats", .. ApiArrows],
    };

    /// <summary>The composition root and the commands see every room.</summary>
    private static readonly string[] SeeEverything = ["", "Cli"];

    public static TheoryData<string> Files() =>
        [.. Repository.SourceFiles("src/LmGateway").Select(file => Path.GetRelativePath(Path.Combine(Repository.Root, "src/LmGateway"), file).Replace('\\', '/'))];

    [Fact]
    public void Every_file_uses_only_the_rooms_that_its_own_room_may_use()
    {
        var violations = Files().SelectMany(row => Violations(row.Data)).ToList();
        Assert.Empty(violations);
    }

    [Fact]
    public void Every_namespace_is_its_folder()
    {
        var wrong = from row in Files()
                    let expected = string.Join('.', new[] { "LmGateway" }.Concat(row.Data.Split('/')[..^1]))
                    let actual = Parse("src/LmGateway/" + row.Data).DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()?.Name.ToString()
                    where actual is not null && actual != expected
                    select $"{row.Data} declares {actual}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_libraries_know_no_gateway()
    {
        string[] libraries = ["src/LmStudio.Client", "src/LmStudio.Simulator", "src/LeanNats"];
        var violations = from file in Repository.SourceFiles(libraries)
                         let relative = Repository.Relative(file)
                         let own = relative.Split('/')[1]
                         from name in NamesUsed(Parse(relative))
                         where name.StartsWith("LmGateway", StringComparison.Ordinal)
                             || libraries.Select(l => l["src/".Length..]).Any(l => l != own && (name == l || name.StartsWith(l + ".", StringComparison.Ordinal)))
                         select $"{relative} uses {name}";
        Assert.Empty(violations);
    }

    private static IEnumerable<string> Violations(string file)
    {
        var room = RoomOf(file.Split('/')[..^1]);
        if (SeeEverything.Contains(room)) yield break;
        if (!Arrows.TryGetValue(room, out var allowed))
        {
            yield return $"{file}: the room {room} is missing from the table";
            yield break;
        }

        foreach (var used in NamesUsed(Parse("src/LmGateway/" + file)).Select(RoomUsed).OfType<string>().Distinct())
            if (used != room && !allowed.Contains(used) && !used.StartsWith(room + ".", StringComparison.Ordinal))
                yield return $"{file} uses {used}";
    }

    /// <summary>The room of a path or of a namespace: one folder deep, two where the folder holds rooms.</summary>
    private static string RoomOf(string[] parts) =>
        parts.Length == 0 ? "" : parts.Length > 1 && parts[0] is "Api" or "Backends" && parts.Length > 1 ? $"{parts[0]}.{parts[1]}" : parts[0];

    private static string? RoomUsed(string name)
    {
        var parts = name.Split('.');
        if (parts is ["LmStudio", "Client" or "Simulator", ..]) return $"LmStudio.{parts[1]}";
        if (parts is ["LeanNats", ..]) return "LeanNats";
        if (parts[0] == "LmGateway") parts = parts[1..];
        if (parts.Length == 0) return null;
        var tops = Arrows.Keys.Select(key => key.Split('.')[0]).Append("Cli").Distinct();
        if (!tops.Contains(parts[0])) return null;
        var room = RoomOf(parts);
        return Arrows.ContainsKey(room) || !room.Contains('.') ? room : Arrows.ContainsKey(parts[0]) ? parts[0] : room;
    }

    private static IEnumerable<string> NamesUsed(CompilationUnitSyntax root)
    {
        foreach (var directive in root.DescendantNodes().OfType<UsingDirectiveSyntax>())
            if (directive.NamespaceOrType is { } name) yield return name.ToString();
        foreach (var node in root.DescendantNodes())
        {
            if (node.FirstAncestorOrSelf<UsingDirectiveSyntax>() is not null || node.Parent is BaseNamespaceDeclarationSyntax) continue;
            if (node is QualifiedNameSyntax && node.Parent is not QualifiedNameSyntax) yield return node.ToString();
            if (node is MemberAccessExpressionSyntax access && access.Parent is not MemberAccessExpressionSyntax
                && access.ToString() is var text && text.StartsWith("LmGateway.", StringComparison.Ordinal)) yield return text;
        }
    }

    private static CompilationUnitSyntax Parse(string relative) =>
        (CompilationUnitSyntax)CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(Repository.Root, relative))).GetRoot();
}
