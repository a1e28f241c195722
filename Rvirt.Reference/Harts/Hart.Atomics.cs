using System;
using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>Load-reserved, store-conditional and atomic memory operations (Unprivileged spec §13).</summary>
// SAFETY: RamPointer has found all bytes of the access to be RAM, and the address is aligned; registers are those of an entry of the interpreter's own table.
public sealed unsafe partial class Hart
{
    /// <summary>Whether the last store-conditional that completed stored.</summary>
    public bool LastConditional { get; private set; }

    /// <summary>Whether a load-reserved waits for its store-conditional.</summary>
    public bool Reserved => _reservation != NoReservation;

    /// <summary>Physical address of the reservation, where there is one.</summary>
    public ulong Reservation
    {
        get => _reservation;
        set => _reservation = value;
    }

    /// <summary>Takes the reservation away, so that the next store-conditional fails.</summary>
    public void ForgetReservation() => _reservation = NoReservation;

    private bool Atomic(Decoded* d)
    {
        var op = d->Op;
        var wide = op is Op.LrD or Op.ScD or >= Op.AmoswapD;
        var size = wide ? 8 : 4;
        var va = _x[d->Rs1];
        var load = op is Op.LrW or Op.LrD;
        if ((va & (ulong)(size - 1)) != 0)
        {
            return Fail(load ? Cause.LoadMisaligned : Cause.StoreMisaligned, va);
        }

        if (!Translate(va, load ? Access.Load : Access.Store, out var physical))
        {
            return false;
        }

        var pointer = RamPointer(physical, (ulong)size);
        if (pointer is null)
        {
            Observer?.BeforeDevice(physical, 0);
            return Fail(load ? Cause.LoadAccessFault : Cause.StoreAccessFault, va);
        }

        var old = wide ? *(ulong*)pointer : (ulong)(long)*(int*)pointer;
        var source = _x[d->Rs2];
        if (load)
        {
            _reservation = physical;
            _reservedValue = old;
            _x[d->Rd] = old;
            return true;
        }

        if (op is Op.ScW or Op.ScD)
        {
            // Another hart's store to the address shows as a changed value.
            var success = _reservation == physical && _reservedValue == old;
            _reservation = NoReservation;
            LastConditional = success;
            if (success)
            {
                Observer?.BeforeStore(physical, size);
                WritePointer(pointer, size, source);
            }

            _x[d->Rd] = success ? 0UL : 1;
            return true;
        }

        var result = (wide ? op - Op.AmoswapD + Op.AmoswapW : op) switch
        {
            Op.AmoswapW => source,
            Op.AmoaddW => old + source,
            Op.AmoxorW => old ^ source,
            Op.AmoandW => old & source,
            Op.AmoorW => old | source,
            Op.AmominW => wide ? (ulong)Math.Min((long)old, (long)source) : (ulong)Math.Min((int)old, (int)source),
            Op.AmomaxW => wide ? (ulong)Math.Max((long)old, (long)source) : (ulong)Math.Max((int)old, (int)source),
            Op.AmominuW => wide ? Math.Min(old, source) : Math.Min((uint)old, (uint)source),
            _ => wide ? Math.Max(old, source) : Math.Max((uint)old, (uint)source),
        };
        Observer?.BeforeStore(physical, size);
        WritePointer(pointer, size, result);
        _x[d->Rd] = old;
        return true;
    }
}
