using Rvirt.Tool.Files;

namespace Rvirt.Tool.Machines;

/// <summary>What commands reach outside of this program. The rest of what they do follows from settings and files, so tests put stand-ins here.</summary>
/// <param name="Programs">Other programs.</param>
/// <param name="Ports">Ports that are taken.</param>
/// <param name="Files">How files are written.</param>
public sealed record Outside(IPrograms Programs, IPorts Ports, WholeFile Files)
{
    /// <summary>This machine.</summary>
    public static Outside Real { get; } = new(new Programs(), new Ports(), WholeFile.OnDisk);
}
