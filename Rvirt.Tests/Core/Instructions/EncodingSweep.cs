using System.Collections.Generic;

namespace Rvirt.Tests.Core.Instructions;

/// <summary>
/// The words of a 32-bit opcode: every value of the fields that select an instruction (funct3, and all that lies above rs1, with rd and
/// rs1 zero or not), and every value of each operand field.
/// </summary>
internal static class EncodingSweep
{
    /// <summary>The opcodes that the hypervisor decodes: LOAD, LOAD-FP, STORE, STORE-FP, AMO, SYSTEM.</summary>
    public static readonly uint[] Opcodes = [0x03, 0x07, 0x23, 0x27, 0x2f, 0x73];

    private static readonly uint[] _uppers = [0, 0x001, 0x102, 0x105, 0x120, 0x10f, 0x18a, 0x7ff, 0x800, 0xaaa, 0xfff];

    public static IEnumerable<uint> Words(uint opcode)
    {
        for (uint function = 0; function < 8; function++)
        {
            var low = (function << 12) | opcode;
            for (uint upper = 0; upper < 4096; upper++)
            {
                yield return (upper << 20) | low;
                yield return (upper << 20) | (6 << 15) | low | (5 << 7);
                yield return (upper << 20) | (6 << 15) | low;
                yield return (upper << 20) | low | (5 << 7);
            }

            foreach (var upper in _uppers)
            {
                for (uint registers = 0; registers < 1024; registers++)
                {
                    yield return (upper << 20) | (registers >> 5 << 15) | low | ((registers & 31) << 7);
                }
            }
        }
    }
}
