using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>An error as LM Studio describes it. A field that is missing or of a wrong kind is dropped by itself.</summary>
public sealed record LmStudioError
{
    /// <summary>The main text.</summary>
    public string Title { get; init; } = "Unknown error";

    /// <summary>The innermost error's text; often the title again.</summary>
    public string? RootTitle { get; init; }

    /// <summary>A longer reason, possibly of several lines.</summary>
    public string? Cause { get; init; }

    /// <summary>Advice.</summary>
    public string? Suggestion { get; init; }

    /// <summary>Free-form data.</summary>
    public JsonElement? ErrorData { get; init; }

    /// <summary>The server's stack trace; not for users' eyes.</summary>
    public string? Stack { get; init; }

    /// <summary>The typed details, when LM Studio sent a code.</summary>
    public LmStudioErrorDetails? Details { get; init; }

    /// <summary>Title and cause in one text for people.</summary>
    public string Summary => string.IsNullOrWhiteSpace(Cause) || Cause == Title ? Title : $"{Title} {Cause}";

    internal static LmStudioError Read(JsonElement error) => new()
    {
        Title = error.Text("title") is { Length: > 0 } title ? title : "Unknown error",
        RootTitle = error.Text("rootTitle"),
        Cause = error.Text("cause"),
        Suggestion = error.Text("suggestion"),
        ErrorData = error.Member("errorData"),
        Stack = error.Text("stack"),
        Details = error.Member("displayData") is { } details ? LmStudioErrorDetails.Read(details) : null,
    };
}

/// <summary>Typed details of an error: one record for each code of the protocol, <see cref="Other"/> for codes not known here.</summary>
public abstract record LmStudioErrorDetails(string Code)
{
    /// <summary>The instance that an instance reference pointed to is gone.</summary>
    public sealed record SpecificModelUnloaded() : LmStudioErrorDetails("generic.specificModelUnloaded");

    /// <summary>Nothing that is loaded fits the query.</summary>
    public sealed record NoModelMatchingQuery(JsonElement? Query, IReadOnlyList<string> LoadedModelsSample, int TotalLoadedModels)
        : LmStudioErrorDetails("generic.noModelMatchingQuery");

    /// <summary>No downloaded model has this key or path.</summary>
    public sealed record PathNotFound(string Path, IReadOnlyList<string> AvailablePathsSample, int TotalModels)
        : LmStudioErrorDetails("generic.pathNotFound");

    /// <summary>No loaded instance has this identifier.</summary>
    public sealed record IdentifierNotFound(string Identifier, IReadOnlyList<string> LoadedModelsSample, int TotalLoadedModels)
        : LmStudioErrorDetails("generic.identifierNotFound");

    /// <summary>The model is of another domain, such as an embedding model where a language model is needed.</summary>
    public sealed record DomainMismatch(string Path, string ActualDomain, string ExpectedDomain)
        : LmStudioErrorDetails("generic.domainMismatch");

    /// <summary>The engine that runs the model cannot do this.</summary>
    public sealed record EngineDoesNotSupportFeature(string Feature, string EngineName, string? InstalledVersion, string? SupportedVersion)
        : LmStudioErrorDetails("generic.engineDoesNotSupportFeature");

    /// <summary>An engine must be installed first.</summary>
    public sealed record MissingRuntimeExtension() : LmStudioErrorDetails("generic.missingRuntimeExtension");

    /// <summary>No preset has this name.</summary>
    public sealed record PresetNotFound(string PresetIdentifier, int TotalAvailablePresets) : LmStudioErrorDetails("generic.presetNotFound");

    /// <summary>A code that this library does not know, with its data.</summary>
    public sealed record Other(string Code, JsonElement Data) : LmStudioErrorDetails(Code);

    internal static LmStudioErrorDetails? Read(JsonElement data) => data.Text("code") switch
    {
        null => null,
        "generic.specificModelUnloaded" => new SpecificModelUnloaded(),
        "generic.noModelMatchingQuery" =>
            new NoModelMatchingQuery(data.Member("query"), data.Texts("loadedModelsSample"), data.Int32("totalLoadedModels") ?? 0),
        "generic.pathNotFound" =>
            new PathNotFound(data.Text("path") ?? "", data.Texts("availablePathsSample"), data.Int32("totalModels") ?? 0),
        "generic.identifierNotFound" =>
            new IdentifierNotFound(data.Text("identifier") ?? "", data.Texts("loadedModelsSample"), data.Int32("totalLoadedModels") ?? 0),
        "generic.domainMismatch" =>
            new DomainMismatch(data.Text("path") ?? "", data.Text("actualDomain") ?? "", data.Text("expectedDomain") ?? ""),
        "generic.engineDoesNotSupportFeature" => new EngineDoesNotSupportFeature(
            data.Text("feature") ?? "", data.Text("engineName") ?? "", data.Text("installedVersion"), data.Text("supportedVersion")),
        "generic.missingRuntimeExtension" => new MissingRuntimeExtension(),
        "generic.presetNotFound" =>
            new PresetNotFound(data.Text("specifiedFuzzyPresetIdentifier") ?? "", data.Int32("totalAvailablePresets") ?? 0),
        { } code => new Other(code, data),
    };
}
