using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>Inter-processor interrupts (SBI 2.0 §7).</summary>
internal static class SbiInterrupts
{
    internal static unsafe SbiResult Send<TMode, THost>(TMode mode, ref THost host, ref VCpu v, HartMask harts)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        if (!harts.IsValid(v))
        {
            return new SbiResult(SbiError.InvalidParam);
        }

        var batch = default(IpiBatch);
        var rest = harts.Of(v);
        // SAFETY: Siblings holds GuestHarts pointers for as long as the guest lives, and no other hart is named.
        for (var i = 0; rest != 0; i++, rest >>= 1)
        {
            if ((rest & 1) == 0)
            {
                continue;
            }

            if (i == v.Index)
            {
                mode.SetPending(ref host, ref v, Interrupts.Software, pending: true);
            }
            else if (v.Siblings[i]->IsAlive)
            {
                // One that is stopped has no interrupts: its next start clears them.
                HartKick.Raise(ref host, ref *v.Siblings[i], HartRequest.Interrupt, ref batch);
            }
        }

        batch.Send(ref host);
        return SbiResult.Success();
    }
}
