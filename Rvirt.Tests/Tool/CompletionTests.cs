using NUnit.Framework;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Commands;

namespace Rvirt.Tests.Tool;

/// <summary>What a shell completes.</summary>
[Category("System")]
public sealed class CompletionTests
{
    // As bash calls a function of complete -F: the words, which one is meant, the line, and the cursor's place in it.
    private const string Ask = """
        rvirt() { dotnet "$TOOL" "$@"; }
        COMP_LINE="$LINE" COMP_POINT=${#LINE}
        read -ra COMP_WORDS <<< "$LINE"
        [ "${LINE: -1}" = ' ' ] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _rvirt
        printf '%s\n' "${COMPREPLY[@]}"
        """;

    [TestCase("rvirt mon", "monitor\n")]
    [TestCase("rvirt run --mem", "--memory\n")]
    [TestCase("rvirt completion ", "bash\nfish\nzsh\n")]
    public void BashCompletesCommandsOptionsAndValues(string line, string expected)
    {
        var (status, output) = Commands.Run(
            "env", ["-u", "XDG_RUNTIME_DIR", $"TOOL={typeof(RunCommand).Assembly.Location}", $"LINE={line}", "bash", "-c", CompletionCommand.Of("bash") + "\n" + Ask]);
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain(expected).And.Not.Contain("error"));
    }
}
