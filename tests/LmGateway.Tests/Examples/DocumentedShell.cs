using System.Diagnostics;
using System.Globalization;
using System.Text;
using LmGateway.Tests.Functional;
using LmGateway.Tests.Functional.Provider;

namespace LmGateway.Tests.Examples;

/// <summary>
/// A terminal in which a page's commands are run as somebody would type them: bash, the real curl, the real program on the PATH, and a service
/// at the address that the page names. What would serve until it is stopped is started, waited for until it listens, and stopped.
/// </summary>
internal sealed class DocumentedShell : IDisposable
{
    private const char Record = '\u001e';
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("lmgateway-shell-");
    private readonly (string Written, string Real)[] addresses;
    private readonly Dictionary<string, string> environment;

    public DocumentedShell(GatewayUnderTest gateway)
    {
        var (service, lmStudio) = (gateway.Address.Authority, gateway.Simulator.Address.Authority);
        addresses = [("127.0.0.1:8000", service), ("localhost:8000", service), ("127.0.0.1:1234", lmStudio), ("localhost:1234", lmStudio)];
        var programs = home.CreateSubdirectory("bin").FullName;
        Write(programs, "curl", CurlScript);
        Write(programs, "lmgateway", ProgramScript);
        Write(programs, "dotnet", DotnetScript);
        environment = new Dictionary<string, string>
        {
            ["PATH"] = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = home.FullName,
            ["XDG_CONFIG_HOME"] = Path.Combine(home.FullName, ".config"),
            ["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath)!,
            ["REPOSITORY"] = Repository.Root,
            ["PROGRAM"] = ProgramUnderTest.Executable,
            ["LMGATEWAY_LISTEN__PORT"] = gateway.Address.Port.ToString(CultureInfo.InvariantCulture),
            // Named, so that no command works by itself where the service is slow to answer.
            ["LMGATEWAY_URL"] = gateway.Address.ToString(),
            ["LMGATEWAY_STATE_DIR"] = gateway.StateFolder,
            ["LMSTUDIO_BASE_URL"] = gateway.Simulator.Address.ToString(),
            ["NATS_URL"] = "",
            ["LANG"] = "C.UTF-8",
        };
    }

    /// <summary>Runs the commands of one block.</summary>
    public async Task<ShellResult> RunAsync(string commands, CancellationToken cancellationToken)
    {
        foreach (var (written, real) in addresses) commands = commands.Replace(written, real, StringComparison.Ordinal);
        var start = new ProcessStartInfo("bash") { UseShellExecute = false, WorkingDirectory = home.FullName, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        // A mark before each command parts what they print.
        start.ArgumentList.Add("-euc");
        start.ArgumentList.Add($"set -o pipefail; trap 'printf \"\\036\"' DEBUG\n{commands}\n");
        start.Environment.Clear();
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var bash = Process.Start(start)!;
        bash.StandardInput.Close();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            var (output, errors) = (bash.StandardOutput.ReadToEndAsync(patience.Token), bash.StandardError.ReadToEndAsync(patience.Token));
            await bash.WaitForExitAsync(patience.Token);
            return Read(bash.ExitCode, await output, await errors);
        }
        finally
        {
            if (!bash.HasExited) bash.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => home.Delete(recursive: true);

    private ShellResult Read(int code, string output, string errors)
    {
        var said = errors.Split(Record);
        var statuses = said.Skip(1).Select(part => int.Parse(part.AsSpan(0, 3), CultureInfo.InvariantCulture)).ToList();
        var last = output[(output.LastIndexOf(Record) + 1)..];
        foreach (var (written, real) in addresses.Where(address => address.Written.StartsWith('1'))) last = last.Replace(real, written, StringComparison.Ordinal);
        return new ShellResult(code, last.Trim(), string.Concat(said.Select((part, at) => at == 0 ? part : part[3..])).Trim(), statuses);
    }

    private static void Write(string folder, string name, string script)
    {
        var file = Path.Combine(folder, name);
        File.WriteAllText(file, script, new UTF8Encoding(false));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    /// <summary>curl itself, which also notes the status of each reply.</summary>
    private const string CurlScript =
        """
        #!/bin/bash
        PATH=${PATH#*:}
        exec curl -sS --max-time 60 -w '%{stderr}\036%{http_code}\n' "$@"
        """;

    private const string DotnetScript =
        """
        #!/bin/bash
        [ "$1 $2 $3" = "run --project src/LmGateway" ] || { echo "dotnet $*: only the service is run here" >&2; exit 1; }
        shift 3
        [ "${1:-}" != -- ] || shift
        exec lmgateway "$@"
        """;

    private const string ProgramScript =
        """
        #!/bin/bash
        serves=false
        case "${1:-serve}" in
          serve|-*) serves=true ;;
          simulate) [ "${2:-}" = lms ] || serves=true ;;
        esac
        for argument in "$@"; do case "$argument" in -h|--help|--version) serves=false ;; esac; done
        $serves || exec "$PROGRAM" "$@"

        # A port of its own, in the place of the one that is written.
        given=() next=false
        for argument in "$@"; do
          $next && argument=0
          next=false
          [ "$argument" = --port ] && next=true
          given+=("$argument")
        done
        case " ${given[*]-} " in *" --port "*|*" --urls "*) ;; *) given+=(--port 0) ;; esac
        folder=$(mktemp -d)
        LMGATEWAY_STATE_DIR=$folder/state "$PROGRAM" "${given[@]}" >"$folder/out" 2>"$folder/err" &
        until grep -qE '^Press Ctrl|^LM Studio simulator listening' "$folder/out"; do
          kill -0 $! 2>/dev/null || { wait $!; code=$?; cat "$folder/out"; cat "$folder/err" >&2; exit $code; }
          sleep 0.05
        done
        kill -TERM $!
        wait $!
        code=$?
        cat "$folder/out"
        rm -rf "$folder"
        exit $code
        """;
}

/// <summary>What a block of commands came to: the exit code, what the last command printed, what stands on standard error, and the status of each reply.</summary>
internal sealed record ShellResult(int Code, string Output, string Errors, IReadOnlyList<int> Statuses);
