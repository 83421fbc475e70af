namespace LmStudio.Client;
internal static class Placeholder;
