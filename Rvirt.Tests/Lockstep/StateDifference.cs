using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using Rvirt.Reference.Harts;
using Rvirt.Reference.Instructions;

namespace Rvirt.Tests.Lockstep;

/// <summary>Compares what software can see of two machines between two instructions.</summary>
public static class StateDifference
{
    private const ulong VectorStatus = Status.Vs | Status.Sd;

    private static readonly int[] _vectorCsrs = [CsrNumber.Vstart, CsrNumber.Vl, CsrNumber.Vtype, CsrNumber.Vcsr];

    /// <summary>Whether registers, privileged state and the memory that the reference's last steps wrote are equal.</summary>
    /// <param name="reference">The one that is right.</param>
    /// <param name="subject">The one under test.</param>
    /// <param name="withinVector">It is in the middle of a vector load or store, so that its vector state is not compared.</param>
    public static bool Equal(Reference reference, Subject subject, bool withinVector = false)
    {
        if (withinVector)
        {
            var (x, y) = (reference.Hart.SupervisorState, subject.State);
            (x.Sstatus, y.Sstatus) = (x.Sstatus & ~VectorStatus, y.Sstatus & ~VectorStatus);
            return reference.Hart.Pc == subject.Hart.Pc && reference.Hart.X.SequenceEqual(subject.Hart.X) && x == y;
        }

        var a = reference.Hart;
        var b = subject.Hart;
        if (a.Pc != b.Pc || !a.X.SequenceEqual(b.X) || a.SupervisorState != subject.State || !a.Float.SequenceEqual(b.Float)
            || a.ReadCsr(CsrNumber.Fcsr) != b.ReadCsr(CsrNumber.Fcsr) || !a.VectorRegisters.SequenceEqual(b.VectorRegisters))
        {
            return false;
        }

        foreach (var csr in _vectorCsrs)
        {
            if (a.ReadCsr(csr) != b.ReadCsr(csr))
            {
                return false;
            }
        }

        foreach (var (address, _) in reference.Entries.Journal)
        {
            if (reference.Machine.Read64(address) != Read(subject, address))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether doublewords of memory are equal.</summary>
    public static bool EqualAt(Reference reference, Subject subject, IEnumerable<ulong> addresses)
    {
        foreach (var address in addresses)
        {
            if (reference.Machine.Read64(address) != Read(subject, address))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The differences as text.</summary>
    public static string Describe(Reference reference, Subject subject)
    {
        var found = new List<string>();
        void Check(string name, ulong expected, ulong actual)
        {
            if (expected != actual)
            {
                found.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: reference {expected:x}, Rvirt {actual:x}"));
            }
        }

        var (a, b) = (reference.Hart, subject.Hart);
        Check("pc", a.Pc, b.Pc);
        for (var i = 1; i < 32; i++)
        {
            Check("x" + i.ToString(CultureInfo.InvariantCulture), a[i], b[i]);
        }

        for (var i = 0; i < 32; i++)
        {
            Check("f" + i.ToString(CultureInfo.InvariantCulture), a.Float[i], b.Float[i]);
        }

        var length = a.VectorRegisters.Length / 32;
        for (var i = 0; i < a.VectorRegisters.Length; i += 8)
        {
            Check(
                string.Create(CultureInfo.InvariantCulture, $"v{i / length} byte {i % length}"),
                MemoryMarshal.Read<ulong>(a.VectorRegisters[i..]),
                MemoryMarshal.Read<ulong>(b.VectorRegisters[i..]));
        }

        foreach (var csr in _vectorCsrs)
        {
            Check(CsrNames.Name(csr), a.ReadCsr(csr), b.ReadCsr(csr));
        }

        Check("fcsr", a.ReadCsr(CsrNumber.Fcsr), b.ReadCsr(CsrNumber.Fcsr));
        var (s, t) = (a.SupervisorState, subject.State);
        Check("mode", (ulong)s.Mode, (ulong)t.Mode);
        Check("sstatus", s.Sstatus, t.Sstatus);
        Check("sie", s.Sie, t.Sie);
        Check("sip", s.Sip, t.Sip);
        Check("stvec", s.Stvec, t.Stvec);
        Check("scounteren", s.Scounteren, t.Scounteren);
        Check("senvcfg", s.Senvcfg, t.Senvcfg);
        Check("sscratch", s.Sscratch, t.Sscratch);
        Check("sepc", s.Sepc, t.Sepc);
        Check("scause", s.Scause, t.Scause);
        Check("stval", s.Stval, t.Stval);
        Check("satp", s.Satp, t.Satp);
        foreach (var (address, _) in reference.Entries.Journal)
        {
            Check(string.Create(CultureInfo.InvariantCulture, $"memory at {address:x}"), reference.Machine.Read64(address), Read(subject, address));
        }

        return string.Join("; ", found);
    }

    /// <summary>A doubleword of the guest's RAM.</summary>
    public static ulong Read(Subject subject, ulong address) => MemoryMarshal.Read<ulong>(subject.Guest.Ram(address, 8));
}
