using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>What a virtual hart holds between two of its instructions, for people to look at.</summary>
internal struct HartReport
{
    /// <summary>x0 to x31.</summary>
    public GeneralRegisters X;

    /// <summary>Program counter.</summary>
    public ulong Pc;

    /// <summary>Privilege mode.</summary>
    public PrivilegeMode Mode;

    /// <summary>Whether it waits for an interrupt.</summary>
    public bool Waits;

    /// <summary><c>sstatus</c>.</summary>
    public ulong Sstatus;

    /// <summary><c>sie</c>.</summary>
    public ulong Sie;

    /// <summary><c>sip</c>.</summary>
    public ulong Sip;

    /// <summary><c>stvec</c>.</summary>
    public ulong Stvec;

    /// <summary><c>sscratch</c>.</summary>
    public ulong Sscratch;

    /// <summary><c>sepc</c>.</summary>
    public ulong Sepc;

    /// <summary><c>scause</c>.</summary>
    public ulong Scause;

    /// <summary><c>stval</c>.</summary>
    public ulong Stval;

    /// <summary><c>satp</c>.</summary>
    public ulong Satp;

    /// <summary>Takes down what a virtual hart holds, with its registers saved.</summary>
    /// <param name="mode">How the guest is run.</param>
    /// <param name="host">The hart that runs it, or ran it last.</param>
    /// <param name="v">The virtual hart.</param>
    public void Take<TMode, THost>(TMode mode, ref THost host, in VCpu v)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        X = v.X;
        Pc = v.Pc;
        Mode = mode.Privilege(ref host, v);
        Waits = v.Waits;
        Sstatus = mode.Read(ref host, v, Csr.Sstatus);
        Sie = mode.Read(ref host, v, Csr.Sie);
        Sip = mode.Read(ref host, v, Csr.Sip);
        Stvec = mode.Read(ref host, v, Csr.Stvec);
        Sscratch = mode.Read(ref host, v, Csr.Sscratch);
        Sepc = mode.Read(ref host, v, Csr.Sepc);
        Scause = mode.Read(ref host, v, Csr.Scause);
        Stval = mode.Read(ref host, v, Csr.Stval);
        Satp = mode.Read(ref host, v, Csr.Satp);
    }
}
