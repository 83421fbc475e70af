using System.Text.RegularExpressions;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms import</c>: puts a file into the models folder. It does not talk to the app, and moves the file unless told otherwise.</summary>
internal static partial class ImportCommand
{
    public static Task RunAsync(LmsContext context, string[] arguments)
    {
        var line = CommandLine.Parse(arguments, "user-repo=", "copy|c", "hard-link|L", "symbolic-link|l", "dry-run", "yes|y");
        var file = line.Operands.FirstOrDefault() ?? throw LmsExit.Usage("missing required argument 'file-path'");
        if (!File.Exists(file)) throw LmsExit.Usage($"command-argument value '{file}' is invalid for argument 'file-path'. File does not exist");
        var way = Way.Of(line);
        WarnOfName(context, file);
        var folder = ModelsFolder(context);
        if (way == Way.Move) ConfirmMove(context, line, folder);
        var target = Path.Combine([folder, .. Place(context, line, file), Path.GetFileName(file)]);
        if (File.Exists(target)) throw LmsExit.Error($"Target file already exists: {target}");
        if (line.Has("dry-run"))
        {
            context.Terminal.Info($"Would {way.Intent} {target}");
            context.Terminal.Info("But not actually doing it because of --dry-run");
            return Task.CompletedTask;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        way.Take(Path.GetFullPath(file), target);
        context.Terminal.Info($"{way.Done} {target}");
        return Task.CompletedTask;
    }

    private static void WarnOfName(LmsContext context, string file)
    {
        if (file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)) return;
        context.Terminal.Warn("The file name does not look like a model file. This may not work.");
        context.Terminal.Warn("Model files usually have extensions: .gguf");
    }

    private static string ModelsFolder(LmsContext context)
    {
        if (context.Home.DownloadsFolder() is { } folder) return folder;
        var usual = Path.Combine(context.Home.Root, "models");
        context.Terminal.Warn($"Could not locate LM Studio configuration file, using default path: {usual}");
        return usual;
    }

    /// <summary>Until the user has been told once, moving is asked about even with <c>--yes</c>; without a terminal that is the end.</summary>
    private static void ConfirmMove(LmsContext context, CommandLine line, string folder)
    {
        if (context.Home.ImportWillMoveWarned) return;
        if (line.Has("yes")) context.Terminal.Warn("Warning about move suppressed by the --yes flag.");
        context.Terminal.Info($"""

             Importing model file into LM Studio{' '}

            By default, lms import will move the file to LM Studio's models folder:

                {folder}

            If you want to copy the file instead, use the --copy flag.

            If you want to create a symbolic link instead, use the --symbolic-link flag.

            If you want to create a hard link instead, use the --hard-link flag.

            This message will only show up once. You can always look up the usage via the --help flag.

            """);
        LmsPrompt.Confirm(context.Terminal, "Do you wish to continue?");
        throw new LmsExit(text: null);
    }

    /// <summary>The user and the repository folder: as given, or made from the user's name and the file's.</summary>
    private static string[] Place(LmsContext context, CommandLine line, string file)
    {
        if (line["user-repo"] is { } given)
            return given.Split('/') is [{ Length: > 0 } user, { Length: > 0 } repo] && !given.Contains("..", StringComparison.Ordinal)
                ? [user, repo]
                : throw LmsExit.Usage($"option '--user-repo <user/repo>' argument '{given}' is invalid. Must be of the form user/repo");
        if (!line.Has("yes"))
        {
            LmsPrompt.Confirm(context.Terminal, "Would you like to categorize this model?");
            throw new LmsExit(text: null);
        }

        var name = Quantisation().Replace(Path.GetFileNameWithoutExtension(file), "");
        return [context.Environment.GetValueOrDefault("USER") ?? context.Environment.GetValueOrDefault("USERNAME") ?? "user", name];
    }

    [GeneratedRegex("[-.](?:I?Q|F|BF)[0-9][0-9A-Z_]*$", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Quantisation();

    /// <summary>How the file comes to its place.</summary>
    private sealed record Way(string Intent, string Done, Action<string, string> Take)
    {
        public static readonly Way Move = new("move the file to", "File moved to", File.Move);

        private static readonly Way Copy = new("copy the file to", "File copied to", File.Copy);

        /// <summary>.NET has no call for hard links; a copy reads the same.</summary>
        private static readonly Way HardLink = new("create a hard link at", "Hard link created at", File.Copy);

        private static readonly Way SymbolicLink =
            new("create a symbolic link at", "Symbolic link created at", (from, to) => File.CreateSymbolicLink(to, from));

        public static Way Of(CommandLine line)
        {
            (string Option, Way Way)[] ways = [("copy", Copy), ("hard-link", HardLink), ("symbolic-link", SymbolicLink)];
            return ways.Where(candidate => line.Has(candidate.Option)).ToList() switch
            {
                [] => Move,
                [var one] => one.Way,
                _ => throw LmsExit.Error("Cannot use more than one of --copy, --hard-link and --symbolic-link."),
            };
        }
    }
}
