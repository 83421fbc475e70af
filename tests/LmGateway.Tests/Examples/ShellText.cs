using System.Text;

namespace LmGateway.Tests.Examples;

/// <summary>Splits what documents print for a shell into commands and their words: quotes, continued lines and comments.</summary>
internal static class ShellText
{
    public static IReadOnlyList<IReadOnlyList<string>> Commands(string script)
    {
        var commands = new List<IReadOnlyList<string>>();
        var words = new List<string>();
        StringBuilder? word = null;
        for (var at = 0; at < script.Length; at++)
        {
            switch (script[at])
            {
                case '\n':
                    EndWord();
                    EndCommand();
                    break;
                case ' ' or '\t':
                    EndWord();
                    break;
                case '#' when word is null:
                    at = EndOf(script, at, '\n') - 1;
                    break;
                case '\\' when at + 1 < script.Length && script[at + 1] == '\n':
                    at++;
                    break;
                case '\'' or '"':
                    var end = EndOf(script, at + 1, script[at]);
                    (word ??= new StringBuilder()).Append(script.AsSpan(at + 1, end - at - 1));
                    at = end;
                    break;
                default:
                    (word ??= new StringBuilder()).Append(script[at]);
                    break;
            }
        }

        EndWord();
        EndCommand();
        return commands;

        void EndWord()
        {
            if (word is not null) words.Add(word.ToString());
            word = null;
        }

        void EndCommand()
        {
            if (words.Count > 0) commands.Add(words);
            words = [];
        }
    }

    private static int EndOf(string script, int from, char mark) => script.IndexOf(mark, from) is var end and >= 0 ? end : script.Length;
}
