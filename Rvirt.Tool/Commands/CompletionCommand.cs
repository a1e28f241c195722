using System;
using System.CommandLine;

namespace Rvirt.Tool.Commands;

/// <summary><c>completion SHELL</c>: says what a shell has to read so that it completes words of this program's commands.</summary>
public static class CompletionCommand
{
    // Each asks the program itself: [suggest:PLACE] LINE says a candidate a line.
    private const string Bash = """
        _rvirt() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _rvirt rvirt
        """;

    private const string Zsh = """
        _rvirt() {
            local -a words_found=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            compadd -- $words_found
        }
        compdef _rvirt rvirt
        """;

    private const string Fish = """
        complete -c rvirt -a '(rvirt "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'
        """;

    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Says what completes this program's words in a shell: source <(rvirt completion bash).") { shell };
        command.SetAction(result => Console.Out.WriteLine(Of(result.GetValue(shell)!)));
        return command;
    }

    /// <summary>What a shell has to read.</summary>
    public static string Of(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        _ => Fish,
    };
}
