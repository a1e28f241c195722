using Rvirt.Core.Freestanding;

/// <summary>What C# has no word for. A load or store of a device's register is one of these, so that it is neither left out nor moved.</summary>
internal static class Instructions
{
    [AsmIntrinsic("lbu $0, 0($1)", ClobbersMemory = true)]
    internal static extern byte Load8(ulong register);

    [AsmIntrinsic("lwu $0, 0($1)", ClobbersMemory = true)]
    internal static extern uint Load32(ulong register);

    [AsmIntrinsic("ld $0, 0($1)", ClobbersMemory = true)]
    internal static extern ulong Load64(ulong register);

    [AsmIntrinsic("sb $1, 0($0)", ClobbersMemory = true)]
    internal static extern void Store8(ulong register, byte value);

    [AsmIntrinsic("sw $1, 0($0)", ClobbersMemory = true)]
    internal static extern void Store32(ulong register, uint value);

    [AsmIntrinsic("sd $1, 0($0)", ClobbersMemory = true)]
    internal static extern void Store64(ulong register, ulong value);

    [AsmIntrinsic("csrw mie, $0\ncsrsi mstatus, 8", ClobbersMemory = true)]
    internal static extern void EnableInterrupts(ulong which);

    [AsmIntrinsic("wfi", ClobbersMemory = true)]
    internal static extern void Wait();
}
