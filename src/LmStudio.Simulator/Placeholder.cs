namespace LmStudio.Simulator;
internal static class Placeholder;
