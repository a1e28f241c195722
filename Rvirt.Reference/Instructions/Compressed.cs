namespace Rvirt.Reference.Instructions;

/// <summary>Expansion of the C extension for RV64DC (Unprivileged spec 20240411 §26.8).</summary>
internal static class Compressed
{
    private const uint Zero = 0, Ra = 1, Sp = 2;

    /// <summary>The 32-bit instruction a 16-bit one stands for; 0 where it is reserved.</summary>
    public static uint Expand(ushort half)
    {
        uint c = half;
        var rd = Bits(c, 11, 7);
        var rs2 = Bits(c, 6, 2);
        var rdPrime = 8 + Bits(c, 4, 2);
        var rs1Prime = 8 + Bits(c, 9, 7);
        var imm6 = Sign((Bits(c, 12, 12) << 5) | Bits(c, 6, 2), 6);
        var shamt = (Bits(c, 12, 12) << 5) | Bits(c, 6, 2);
        switch (((c & 3) << 3) | (c >> 13))
        {
            // Quadrant 0.
            case 0b00_000:
            {
                var imm = (Bits(c, 10, 7) << 6) | (Bits(c, 12, 11) << 4) | (Bits(c, 5, 5) << 3) | (Bits(c, 6, 6) << 2);
                return imm == 0 ? 0 : I(0x13, 0, rdPrime, Sp, imm);
            }

            case 0b00_001: return I(0x07, 3, rdPrime, rs1Prime, Offset8(c));
            case 0b00_010: return I(0x03, 2, rdPrime, rs1Prime, Offset4(c));
            case 0b00_011: return I(0x03, 3, rdPrime, rs1Prime, Offset8(c));
            case 0b00_101: return S(0x27, 3, rs1Prime, rdPrime, Offset8(c));
            case 0b00_110: return S(0x23, 2, rs1Prime, rdPrime, Offset4(c));
            case 0b00_111: return S(0x23, 3, rs1Prime, rdPrime, Offset8(c));

            // Quadrant 1.
            case 0b01_000: return I(0x13, 0, rd, rd, imm6);
            case 0b01_001: return rd == 0 ? 0 : I(0x1b, 0, rd, rd, imm6);
            case 0b01_010: return I(0x13, 0, rd, Zero, imm6);
            case 0b01_011:
                if (rd == Sp)
                {
                    var imm = Sign((Bits(c, 12, 12) << 9) | (Bits(c, 4, 3) << 7) | (Bits(c, 5, 5) << 6) | (Bits(c, 2, 2) << 5) | (Bits(c, 6, 6) << 4), 10);
                    return imm == 0 ? 0 : I(0x13, 0, Sp, Sp, imm);
                }

                return imm6 == 0 ? 0 : (imm6 << 12) | (rd << 7) | 0x37;
            case 0b01_100: return Arithmetic(c, rs1Prime, rdPrime, imm6, shamt);
            case 0b01_101: return Jump(c);
            case 0b01_110: return Branch(c, 0, rs1Prime);
            case 0b01_111: return Branch(c, 1, rs1Prime);

            // Quadrant 2.
            case 0b10_000: return I(0x13, 1, rd, rd, shamt);
            case 0b10_001: return I(0x07, 3, rd, Sp, StackOffset8(c));
            case 0b10_010: return rd == 0 ? 0 : I(0x03, 2, rd, Sp, (Bits(c, 3, 2) << 6) | (Bits(c, 12, 12) << 5) | (Bits(c, 6, 4) << 2));
            case 0b10_011: return rd == 0 ? 0 : I(0x03, 3, rd, Sp, StackOffset8(c));
            case 0b10_100:
                if (Bits(c, 12, 12) == 0)
                {
                    return rs2 != 0 ? R(0x33, 0, 0, rd, Zero, rs2) : rd == 0 ? 0 : I(0x67, 0, Zero, rd, 0);
                }

                return rs2 != 0 ? R(0x33, 0, 0, rd, rd, rs2) : rd == 0 ? 0x00100073 : I(0x67, 0, Ra, rd, 0);
            case 0b10_101: return S(0x27, 3, Sp, rs2, (Bits(c, 9, 7) << 6) | (Bits(c, 12, 10) << 3));
            case 0b10_110: return S(0x23, 2, Sp, rs2, (Bits(c, 8, 7) << 6) | (Bits(c, 12, 9) << 2));
            case 0b10_111: return S(0x23, 3, Sp, rs2, (Bits(c, 9, 7) << 6) | (Bits(c, 12, 10) << 3));
            default: return 0;
        }
    }

    private static uint Arithmetic(uint c, uint rd, uint rs2, uint imm6, uint shamt)
    {
        switch (Bits(c, 11, 10))
        {
            case 0: return I(0x13, 5, rd, rd, shamt);
            case 1: return I(0x13, 5, rd, rd, shamt | 0x400);
            case 2: return I(0x13, 7, rd, rd, imm6);
        }

        return ((Bits(c, 12, 12) << 2) | Bits(c, 6, 5)) switch
        {
            0 => R(0x33, 0, 0x20, rd, rd, rs2),
            1 => R(0x33, 4, 0, rd, rd, rs2),
            2 => R(0x33, 6, 0, rd, rd, rs2),
            3 => R(0x33, 7, 0, rd, rd, rs2),
            4 => R(0x3b, 0, 0x20, rd, rd, rs2),
            5 => R(0x3b, 0, 0, rd, rd, rs2),
            _ => 0,
        };
    }

    private static uint Jump(uint c)
    {
        var imm = Sign(
            (Bits(c, 12, 12) << 11) | (Bits(c, 8, 8) << 10) | (Bits(c, 10, 9) << 8) | (Bits(c, 6, 6) << 7) | (Bits(c, 7, 7) << 6)
            | (Bits(c, 2, 2) << 5) | (Bits(c, 11, 11) << 4) | (Bits(c, 5, 3) << 1),
            12);
        return (Bits(imm, 20, 20) << 31) | (Bits(imm, 10, 1) << 21) | (Bits(imm, 11, 11) << 20) | (Bits(imm, 19, 12) << 12) | 0x6f;
    }

    private static uint Branch(uint c, uint funct3, uint rs1)
    {
        var imm = Sign(
            (Bits(c, 12, 12) << 8) | (Bits(c, 6, 5) << 6) | (Bits(c, 2, 2) << 5) | (Bits(c, 11, 10) << 3) | (Bits(c, 4, 3) << 1), 9);
        return (Bits(imm, 12, 12) << 31) | (Bits(imm, 10, 5) << 25) | (rs1 << 15) | (funct3 << 12) | (Bits(imm, 4, 1) << 8)
            | (Bits(imm, 11, 11) << 7) | 0x63;
    }

    private static uint Offset8(uint c) => (Bits(c, 6, 5) << 6) | (Bits(c, 12, 10) << 3);

    private static uint Offset4(uint c) => (Bits(c, 5, 5) << 6) | (Bits(c, 12, 10) << 3) | (Bits(c, 6, 6) << 2);

    private static uint StackOffset8(uint c) => (Bits(c, 4, 2) << 6) | (Bits(c, 12, 12) << 5) | (Bits(c, 6, 5) << 3);

    private static uint I(uint opcode, uint funct3, uint rd, uint rs1, uint imm) =>
        (imm << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode;

    private static uint S(uint opcode, uint funct3, uint rs1, uint rs2, uint imm) =>
        (Bits(imm, 11, 5) << 25) | (rs2 << 20) | (rs1 << 15) | (funct3 << 12) | (Bits(imm, 4, 0) << 7) | opcode;

    private static uint R(uint opcode, uint funct3, uint funct7, uint rd, uint rs1, uint rs2) =>
        (funct7 << 25) | (rs2 << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode;

    private static uint Bits(uint value, int high, int low) => (value >> low) & ((1u << (high - low + 1)) - 1);

    private static uint Sign(uint value, int width) => (uint)((int)(value << (32 - width)) >> (32 - width));
}
