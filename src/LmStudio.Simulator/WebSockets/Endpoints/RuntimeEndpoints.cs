using System.Text.Json.Nodes;
using LmStudio.Simulator.WebSockets.Validation;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary><c>/runtime</c>: one llama.cpp engine on a machine with one made-up graphics card.</summary>
internal static class RuntimeEndpoints
{
    private const string Engine = "llama.cpp-linux-x86_64-avx2";
    private const string Version = "2.31.2";
    private const long Ram = 34_359_738_368;
    private const long Vram = 17_179_869_184;

    /// <summary>The one endpoint whose parameter and result are wrapped (superjson): it answers a map.</summary>
    private static readonly Shape Superjson = new Shape.Keys(("json", Shapes.Anything));

    private static readonly Shape Scope = new Shape.Optional(new Shape.Union("type",
        ("selected", new Shape.Keys()),
        ("all", new Shape.Keys()),
        ("custom", new Shape.Keys(("engines", new Shape.ListOf(new Shape.Keys(("name", Shapes.Text), ("version", Shapes.Text))))))));

    public static IEnumerable<Endpoint> All() =>
    [
        RpcEndpoint.Immediate("listEngines", Shapes.None, _ => new JsonArray(EngineInfo())),
        RpcEndpoint.Immediate("getEngineSelections", Superjson, _ => Selections()),
        RpcEndpoint.Immediate("surveyHardware", Scope, _ => new JsonObject { ["status"] = "ok", ["engines"] = new JsonArray(Survey()) }),
    ];

    private static JsonObject EngineInfo() => new()
    {
        ["name"] = Engine,
        ["version"] = Version,
        ["engine"] = "llama.cpp",
        ["platform"] = "linux",
        ["cpu"] = new JsonObject { ["architecture"] = "x86_64", ["instructionSetExtensions"] = Json.Texts(["AVX2"]) },
        ["supportedModelFormatNames"] = Json.Texts(["GGUF"]),
    };

    private static JsonObject Selections() => new()
    {
        ["json"] = new JsonArray(new JsonArray("GGUF", new JsonObject { ["name"] = Engine, ["version"] = Version })),
        ["meta"] = new JsonObject { ["values"] = Json.Texts(["map"]) },
    };

    private static JsonObject Survey() => new()
    {
        ["name"] = Engine,
        ["version"] = Version,
        ["engine"] = "llama.cpp",
        ["platform"] = "linux",
        ["compatibility"] = new JsonObject { ["status"] = "compatible" },
        ["supportedModelFormatNames"] = Json.Texts(["GGUF"]),
        ["hardwareSurvey"] = new JsonObject { ["gpuSurveyResult"] = Gpus(), ["cpuSurveyResult"] = Cpu() },
        ["memoryInfo"] = new JsonObject { ["ramCapacity"] = Ram, ["vramCapacity"] = Vram, ["totalMemory"] = Ram + Vram },
    };

    private static JsonObject Gpus() => new()
    {
        ["result"] = Success(),
        ["gpuInfo"] = new JsonArray(new JsonObject
        {
            ["name"] = "Simulated GPU",
            ["deviceId"] = 0,
            ["totalMemoryCapacityBytes"] = Vram,
            ["dedicatedMemoryCapacityBytes"] = Vram,
            ["integrationType"] = "discrete",
            ["detectionPlatform"] = "Vulkan",
            ["detectionPlatformVersion"] = "1.3",
            ["otherInfo"] = new JsonObject(),
        }),
    };

    private static JsonObject Cpu() => new()
    {
        ["result"] = Success(),
        ["cpuInfo"] = new JsonObject
        {
            ["name"] = "Simulated CPU",
            ["architecture"] = "x86_64",
            ["supportedInstructionSetExtensions"] = Json.Texts(["AVX2", "AVX"]),
        },
    };

    private static JsonObject Success() => new() { ["code"] = "success", ["message"] = "" };
}
