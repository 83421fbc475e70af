namespace Ollama.StandIn;

internal static class Program
{
    private static async Task<int> Main(string[] arguments) => await new OllamaCommands(Console.Out, Console.Error, Environment.GetEnvironmentVariable).RunAsync(arguments);
}
