using Rvirt.Reference.Assembly;

namespace Rvirt.Reference;

/// <summary>Programs assembled into a machine.</summary>
public static class Bare
{
    /// <summary>Loads a program at the start of RAM and points every hart at it, in M-mode, with a0 its id.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="source">Text for the <see cref="Assembler"/>.</param>
    /// <returns>The machine.</returns>
    public static Machine Load(this Machine machine, string source)
    {
        machine.Load(machine.RamBase, Assembler.Assemble(source, machine.RamBase));
        foreach (var hart in machine.Harts)
        {
            hart.Pc = machine.RamBase;
            hart[10] = (ulong)hart.Id;
        }

        return machine;
    }
}
