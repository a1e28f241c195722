namespace Rvirt.Tool.Machines;

/// <summary>The ports of this machine.</summary>
public interface IPorts
{
    /// <summary>Whether somebody listens on a port of 127.0.0.1.</summary>
    bool IsTaken(int port);
}
