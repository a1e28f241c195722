using System;
using System.Buffers.Binary;
using Rvirt.Core.Instructions;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Reference.Assembly;

namespace Rvirt.Testing.Traps;

/// <summary>A virtual hart without page tables that carries out instructions one by one, as the hypervisor does: each traps as on hardware.</summary>
public sealed class TestVirtualHart() : TrappingHart<FlatMmu>(memory => new FlatMmu(memory))
{
    private const uint EcallWord = 0x0000_0073;

    /// <summary>Carries out an instruction at the program counter: one of S-mode, <c>ecall</c>, or a load or store of a device's register.</summary>
    /// <param name="text">The instruction, as <see cref="Assembler"/> takes it.</param>
    /// <returns>As <see cref="TrappingHart{TMmu}.Trap"/>.</returns>
    /// <exception cref="ArgumentException">It is not one instruction of four bytes, or does not trap: a load or store of RAM.</exception>
    public TrapOutcome Execute(string text)
    {
        var bytes = Assembler.Assemble(text, V.Pc);
        if (bytes.Length != 4)
        {
            throw new ArgumentException($"{text} has {bytes.Length} bytes, and is not one instruction of four", nameof(text));
        }

        var word = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        Hart.Code.Clear();
        Hart.Code[V.Pc] = word;
        if (word == EcallWord)
        {
            return Trap((ulong)ExceptionCause.EnvironmentCallFromUser, 0);
        }

        if (!MemoryOperation.TryDecode(word, out var operation))
        {
            return Illegal(word);
        }

        var address = V.X[operation.Base] + (ulong)operation.Offset;
        if (V.Memory.Contains(address, operation.Size))
        {
            throw new ArgumentException($"{text} is of RAM, which no trap carries out: see Ram", nameof(text));
        }

        return Trap((ulong)(IsLoad(word) ? ExceptionCause.LoadPageFault : ExceptionCause.StorePageFault), address);
    }

    // Of loads alone the major opcode is zero, but for floating point; an atomic faults as a store does.
    private static bool IsLoad(uint word) => (word & 0x7f) is 0x03 or 0x07;
}
