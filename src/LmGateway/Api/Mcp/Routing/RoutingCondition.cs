using System.Text.RegularExpressions;

namespace LmGateway.Api.Mcp.Routing;

/// <summary>What made a rule fit.</summary>
/// <param name="Name"><c>file_pattern</c>, <c>file_regex</c>, <c>branch_regex</c>, <c>prompt_regex</c> or <c>llm_tag</c>.</param>
/// <param name="Detail">What it fitted.</param>
/// <param name="Files">The files it is about; empty where it is not about files.</param>
internal sealed record RoutingTrigger(string Name, string Detail, IReadOnlyList<string> Files)
{
    /// <summary>The model's opinion had a part in it.</summary>
    public bool ByModel { get; init; }
}

/// <summary>A condition of a rule: one test, or several joined.</summary>
internal abstract record RoutingCondition
{
    public abstract bool NeedsTags { get; }

    /// <summary>What made it hold; null where it does not.</summary>
    public abstract RoutingTrigger? Test(RoutingFacts facts);

    /// <summary>The tags that it names.</summary>
    public abstract IEnumerable<string> Tags { get; }

    /// <summary>Holds where one of its parts does; the first counts.</summary>
    public sealed record AnyOf(IReadOnlyList<RoutingCondition> Parts) : RoutingCondition
    {
        public override bool NeedsTags => Parts.Any(part => part.NeedsTags);

        public override IEnumerable<string> Tags => Parts.SelectMany(part => part.Tags);

        public override RoutingTrigger? Test(RoutingFacts facts) => Parts.Select(part => part.Test(facts)).FirstOrDefault(trigger => trigger is not null);
    }

    /// <summary>Holds where all its parts do; it is told by the first. The files are those that all parts about files agree on.</summary>
    public sealed record AllOf(IReadOnlyList<RoutingCondition> Parts) : RoutingCondition
    {
        public override bool NeedsTags => Parts.Any(part => part.NeedsTags);

        public override IEnumerable<string> Tags => Parts.SelectMany(part => part.Tags);

        public override RoutingTrigger? Test(RoutingFacts facts)
        {
            var triggers = new List<RoutingTrigger>(Parts.Count);
            foreach (var part in Parts)
            {
                if (part.Test(facts) is not { } trigger) return null;
                triggers.Add(trigger);
            }

            var about = triggers.Where(trigger => trigger.Files.Count > 0).ToList();
            var common = about.Count == 0 ? [] : about.Skip(1).Aggregate(about[0].Files.AsEnumerable(), (files, trigger) => files.Intersect(trigger.Files, StringComparer.Ordinal)).ToList();
            return triggers[0] with { Files = common, ByModel = triggers.Exists(trigger => trigger.ByModel) };
        }
    }

    /// <summary>One of the associated files fits.</summary>
    public sealed record File(string Kind, string Written, Regex Pattern) : RoutingCondition
    {
        public override bool NeedsTags => false;

        public override IEnumerable<string> Tags => [];

        public override RoutingTrigger? Test(RoutingFacts facts)
        {
            string[] fitting = [.. facts.Files.Where(file => Pattern.IsMatch(file.Replace('\\', '/')))];
            return fitting.Length == 0 ? null : new RoutingTrigger(Kind, $"Files match {Written}", fitting);
        }
    }

    /// <summary>The branch that is checked out fits.</summary>
    public sealed record Branch(string Written, Regex Pattern) : RoutingCondition
    {
        public override bool NeedsTags => false;

        public override IEnumerable<string> Tags => [];

        public override RoutingTrigger? Test(RoutingFacts facts) =>
            facts.Branch is { } branch && Pattern.IsMatch(branch) ? new RoutingTrigger("branch_regex", $"Branch {branch} matches {Written}", []) : null;
    }

    /// <summary>Something that was said fits.</summary>
    public sealed record Prompt(string Written, Regex Pattern) : RoutingCondition
    {
        public override bool NeedsTags => false;

        public override IEnumerable<string> Tags => [];

        public override RoutingTrigger? Test(RoutingFacts facts) =>
            facts.Texts.Any(Pattern.IsMatch) ? new RoutingTrigger("prompt_regex", $"The task matches {Written}", []) : null;
    }

    /// <summary>The model has chosen the tag.</summary>
    public sealed record Tag(string Name) : RoutingCondition
    {
        public override bool NeedsTags => true;

        public override IEnumerable<string> Tags => [Name];

        public override RoutingTrigger? Test(RoutingFacts facts) =>
            facts.Tags.Contains(Name) ? new RoutingTrigger("llm_tag", $"The model found {Name}", []) { ByModel = true } : null;
    }
}
