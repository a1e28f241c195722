using Rvirt.Tool.Files;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tool.Machines;

/// <summary>What commands reach outside of this program. The rest of what they do follows from settings and files, so tests put stand-ins here.</summary>
/// <param name="Programs">Other programs.</param>
/// <param name="Ports">Ports that are taken.</param>
/// <param name="Files">How files are written.</param>
/// <param name="Terminal">The terminal of this program.</param>
/// <param name="Sockets">Where it is shared.</param>
public sealed record Outside(IPrograms Programs, IPorts Ports, WholeFile Files, ITerminal Terminal, SharedSockets Sockets)
{
    /// <summary>This machine.</summary>
    public static Outside Real { get; } = new(new Programs(), new Ports(), WholeFile.OnDisk, new RealTerminal(), SharedSockets.Real);
}
