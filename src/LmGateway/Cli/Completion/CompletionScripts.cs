namespace LmGateway.Cli.Completion;

/// <summary>
/// One script for each shell. Each hands the line and the place of the cursor to the <c>[suggest]</c> directive and offers what it prints. A word with
/// a colon is one word, because identifiers of instances have colons.
/// </summary>
internal static class CompletionScripts
{
    private const string Bash = """
        # Put this into ~/.bashrc:  source <(lmgateway completion bash)
        _lmgateway() {
            local IFS=$'\n' word line colon
            line=${COMP_LINE:0:COMP_POINT}
            word=${line##* }
            COMPREPLY=($(compgen -W "$(lmgateway "[suggest:${#line}]" "$line" 2>/dev/null)" -- "$word"))
            # Readline cuts words at colons and replaces only what follows the last one.
            if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
                colon=${word%"${word##*:}"}
                COMPREPLY=("${COMPREPLY[@]#"$colon"}")
            fi
        }
        complete -o default -F _lmgateway lmgateway
        """;

    private const string Zsh = """
        # Put this into ~/.zshrc, after compinit:  source <(lmgateway completion zsh)
        _lmgateway() {
            local -a words_known
            local line="${BUFFER[1,$CURSOR]}"
            words_known=("${(@f)$(lmgateway "[suggest:${#line}]" "$line" 2>/dev/null)}")
            words_known=(${words_known:#})
            if (( $#words_known )); then compadd -- $words_known; else _files; fi
        }
        compdef _lmgateway lmgateway
        """;

    private const string Fish = """
        # Put this into ~/.config/fish/config.fish:  lmgateway completion fish | source
        function __lmgateway_words
            set -l line (commandline -cp)
            set -l words (lmgateway "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)
            if test -n "$words"
                printf '%s\n' $words
            else
                __fish_complete_path (commandline -ct)
            end
        end
        complete -c lmgateway -f -a '(__lmgateway_words)'
        """;

    private const string PowerShell = """
        # Put this into $PROFILE:  lmgateway completion pwsh | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName lmgateway -ScriptBlock {
            param($word, $ast, $cursor)
            $line = $ast.Extent.Text.PadRight($cursor).Substring(0, $cursor)
            lmgateway "[suggest:$cursor]" "$line" 2>$null | Where-Object { $_ -like "$word*" } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
            }
        }
        """;

    public static IReadOnlyDictionary<string, string> All { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["bash"] = Bash,
        ["fish"] = Fish,
        ["pwsh"] = PowerShell,
        ["zsh"] = Zsh,
    };
}
