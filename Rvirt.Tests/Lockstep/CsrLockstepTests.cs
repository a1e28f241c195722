using NUnit.Framework;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Lockstep;

/// <summary>Every CSR instruction there is, on the reference hart and under the hypervisor; the whole state is compared after each.</summary>
public sealed class CsrLockstepTests
{
    private const int Destination = 7;
    private const int Source = 6;

    [Test]
    public void EveryCsrInstructionDoesWhatTheReferenceDoes([Values] bool user, [Values(0UL, 5UL, 7UL)] ulong scounteren)
    {
        using var run = new LockstepRun(1, new LockstepConfiguration());
        for (var number = 0; number < 4096; number++)
        {
            foreach (var form in new[] { 1, 2, 3, 5, 6, 7 })
            {
                foreach (var rd in new[] { 0, Destination })
                {
                    foreach (var rs1 in new[] { 0, Source })
                    {
                        Enter(run, user, scounteren);
                        run.Apply(LockstepEvent.Code(Encode.Csr(form, number, rs1, rd), Encode.Nop));
                    }
                }
            }
        }

        Assert.That(run.Steps, Is.AtLeast(4096UL * 24));
    }

    /// <summary>All values of the fields a guest can write, from all values before, by all three operations, with every other bit tried as well.</summary>
    [Test]
    public void EveryFieldOfSstatusFollowsItsRule([Values(1, 2, 3)] int form)
    {
        using var run = new LockstepRun(1, new LockstepConfiguration());
        for (var before = 0; before < 256; before++)
        {
            // Code goes on where the last ended.
            run.Apply(LockstepEvent.Restart);
            for (var operand = 0; operand < 256; operand++)
            {
                // The last bit selects all that is not writable, which must change nothing.
                var written = Fields(operand & 127) | (operand >= 128 ? ~Writable : 0);
                var start = Fields(before & 127);
                Write(run, 1, start | (before >= 128 ? ~Writable : 0));
                Assert.That(Read(run), Is.EqualTo(Complete(start)));
                Write(run, form, written);
                var expected = form switch
                {
                    1 => written,
                    2 => start | written,
                    _ => start & ~written,
                };
                Assert.That(Read(run), Is.EqualTo(Complete(expected & Writable)));
            }
        }
    }

    // Privileged spec 1.13 §12.1.1: SIE, SPIE, SPP, FS, SUM, MXR; UXL is fixed at 64 bits, SD follows from FS.
    private const ulong Writable = (1 << 1) | (1 << 5) | (1 << 8) | (3 << 13) | (1 << 18) | (1 << 19);

    private static ulong Fields(int values)
    {
        ulong Bit(int index, int position) => (ulong)((values >> index) & 1) << position;
        return Bit(0, 1) | Bit(1, 5) | Bit(2, 8) | Bit(3, 13) | Bit(4, 14) | Bit(5, 18) | Bit(6, 19);
    }

    private static ulong Complete(ulong fields) => fields | (2UL << 32) | ((fields & (3 << 13)) == 3 << 13 ? 1UL << 63 : 0);

    // The nop keeps the hypervisor from going on into what is behind.
    private static void Write(LockstepRun run, int form, ulong value)
    {
        run.Apply(LockstepEvent.Set(Source, value));
        run.Apply(LockstepEvent.Code(Encode.Csr(form, CsrNumber.Sstatus, Source, 0), Encode.Csr(2, CsrNumber.Sstatus, 0, Destination), Encode.Nop));
    }

    private static ulong Read(LockstepRun run) => run.Subject.Hart[Destination];

    private static void Enter(LockstepRun run, bool user, ulong scounteren)
    {
        run.Apply(LockstepEvent.Restart);
        run.Apply(LockstepEvent.Set(Destination, scounteren));
        run.Apply(LockstepEvent.Set(Source, LockstepRun.Entry + 0x100));
        run.Apply(user
            ? LockstepEvent.Code(Encode.Csr(1, 0x106, Destination, 0), Encode.Csr(1, 0x141, Source, 0), Encode.Sret)
            : LockstepEvent.Code(Encode.Csr(1, 0x106, Destination, 0)));
        run.Apply(LockstepEvent.Set(Destination, 0x55));
        run.Apply(LockstepEvent.Set(Source, 0xa5a5_5a5a_c3c3_3c3c));
    }
}
