namespace LmGateway.Configuration;

/// <summary>The MCP server: <c>/mcp</c> on HTTP and <c>lmgateway mcp</c> on standard input and output.</summary>
internal sealed record McpOptions
{
    [Setting("mcp.enabled", "Serve MCP at /mcp.", Restart = true)]
    public bool Enabled { get; init; } = true;

    [Setting("mcp.thinking_mode", "Let the model think before get_instructions' tags are read from its answer.", Aliases = ["THINKING_MODE"])]
    public bool ThinkingMode { get; init; } = true;

    [Setting("mcp.temperature", "Temperature of get_instructions' question to the model.", Aliases = ["TEMPERATURE"], Min = 0, Max = 1)]
    public double Temperature { get; init; } = 0.1;

    [Setting("mcp.agents_path", "The agents that get_instructions routes to: a .json file. Where unset, agents.json in ./config (serve only) or in the user's configuration folder, else the built-in ones.",
        Aliases = ["AGENTS_CONFIG_PATH"], Form = SettingForm.Path, Example = "~/.config/lmgateway/agents.json")]
    public string? AgentsPath { get; init; }

    [Setting("mcp.rules_path", "The rules of get_instructions: a .json file, looked for as the agents are.",
        Aliases = ["RULES_CONFIG_PATH"], Form = SettingForm.Path, Example = "~/.config/lmgateway/rules.json")]
    public string? RulesPath { get; init; }

    [Setting("mcp.tags_path", "The tags that the model chooses from for get_instructions: a .json file, looked for as the agents are.",
        Aliases = ["LLM_TAGS_CONFIG_PATH"], Form = SettingForm.Path, Example = "~/.config/lmgateway/llm-tags.json")]
    public string? TagsPath { get; init; }

    [Setting("mcp.first_token_seconds", "How long a model may take to begin its answer to an MCP tool, from when it is asked.", Min = 1, Max = 86400, Unit = "s")]
    public int FirstTokenSeconds { get; init; } = 180;

    [Setting("mcp.silence_seconds", "The longest pause inside an answer to an MCP tool. After it what there is is given, marked as truncated.", Min = 1, Max = 86400, Unit = "s")]
    public int SilenceSeconds { get; init; } = 60;

    [Setting("mcp.total_seconds", "Time limit of a generation for an MCP tool where the call gives none; 0 for none. After it what there is is given, marked as truncated.", Min = 0, Max = 86400, Unit = "s")]
    public int TotalSeconds { get; init; }

    [Setting("mcp.answer_within_seconds", "When a call whose client asked for no progress is answered with a job to ask for later, because such clients give up after a minute; 0 for never.",
        Min = 0, Max = 86400, Unit = "s")]
    public int AnswerWithinSeconds { get; init; } = 45;
}
