using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace LmGateway.Tests;

/// <summary>No file over 400 lines, no method over 80. There are no exceptions.</summary>
public sealed class SizesTests
{
    private const int MaxFileLines = 400;
    private const int MaxMethodLines = 80;

    [Fact]
    public void No_file_is_longer_than_400_lines()
    {
        var tooLong = Repository.SourceFiles("src", "tests", "bench")
            .Select(file => (file, lines: File.ReadLines(file).Count()))
            .Where(entry => entry.lines > MaxFileLines)
            .Select(entry => $"{Repository.Relative(entry.file)}: {entry.lines} lines");
        Assert.Empty(tooLong);
    }

    [Fact]
    public void No_method_is_longer_than_80_lines()
    {
        var tooLong = Repository.SourceFiles("src", "tests", "bench").SelectMany(LongMethods);
        Assert.Empty(tooLong);
    }

    private static IEnumerable<string> LongMethods(string file)
    {
        var root = CSharpSyntaxTree.ParseText(File.ReadAllText(file), cancellationToken: TestContext.Current.CancellationToken).GetRoot();
        foreach (var node in root.DescendantNodes())
        {
            if (node is not (BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax)) continue;
            var span = node.GetLocation().GetLineSpan();
            var lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
            if (lines > MaxMethodLines)
                yield return $"{Repository.Relative(file)}:{span.StartLinePosition.Line + 1}: {lines} lines";
        }
    }
}
