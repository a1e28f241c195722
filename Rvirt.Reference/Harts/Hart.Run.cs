using System;
using System.Runtime.CompilerServices;
using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>The interpreter loop.</summary>
// SAFETY: an entry of the table of decoded instructions is below its size by Slot; register numbers are five bits, or the slot for writes to x0; a shortcut leads into the page of RAM, or into the copy of one, that its tag names, and a fetch stays within its page.
public sealed unsafe partial class Hart
{
    /// <summary>
    /// Runs instructions until <paramref name="steps"/> have begun, or the hart waits, stops or the machine ends. An interrupt or
    /// exception taken is a step of its own (an exception together with the instruction that raised it).
    /// </summary>
    /// <returns>Steps made.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ulong Run(ulong steps)
    {
        var start = _count;
        _stopAt = start + steps;
        _deadline = 0;
        var x = _x;
        var decoded = _decoded;
        var pc = _pc;
        for (; ; )
        {
            if (_count >= _deadline)
            {
                _pc = pc;
                if (!ServiceEvents())
                {
                    break;
                }

                pc = _pc;
                continue;
            }

            _count++;
            uint raw;
            var offset = pc - _fetchPage;
            if (offset < _fetchLength)
            {
                raw = *(uint*)(_fetchPointer + offset);
                if ((raw & 3) != 3)
                {
                    raw &= 0xffff;
                }
            }
            else if (SlowFetch(pc))
            {
                raw = (uint)_value;
            }
            else
            {
                goto Trap;
            }

            var d = decoded + Slot(raw);
            if (d->Raw != raw)
            {
                *d = Decoder.Decode(raw);
            }

            var next = pc + d->Length;
            switch (d->Op)
            {
                case Op.Lui:
                    x[d->Rd] = (ulong)(long)d->Immediate;
                    break;
                case Op.Auipc:
                    x[d->Rd] = pc + (ulong)(long)d->Immediate;
                    break;
                case Op.Jal:
                    x[d->Rd] = next;
                    next = pc + (ulong)(long)d->Immediate;
                    break;
                case Op.Jalr:
                {
                    var target = (x[d->Rs1] + (ulong)(long)d->Immediate) & ~1UL;
                    x[d->Rd] = next;
                    next = target;
                    break;
                }

                case Op.Beq:
                    if (x[d->Rs1] == x[d->Rs2])
                    {
                        next = pc + (ulong)(long)d->Immediate;
                    }

                    break;
                case Op.Bne:
                    if (x[d->Rs1] != x[d->Rs2])
                    {
                        next = pc + (ulong)(long)d->Immediate;
                    }

                    break;
                case Op.Blt:
                    if ((long)x[d->Rs1] < (long)x[d->Rs2])
                    {
                        next = pc + (ulong)(long)d->Immediate;
                    }

                    break;
                case Op.Bge:
                    if ((long)x[d->Rs1] >= (long)x[d->Rs2])
                    {
                        next = pc + (ulong)(long)d->Immediate;
                    }

                    break;
                case Op.Bltu:
                    if (x[d->Rs1] < x[d->Rs2])
                    {
                        next = pc + (ulong)(long)d->Immediate;
                    }

                    break;
                case Op.Bgeu:
                    if (x[d->Rs1] >= x[d->Rs2])
                    {
                        next = pc + (ulong)(long)d->Immediate;
                    }

                    break;
                case Op.Lb:
                {
                    var va = x[d->Rs1] + (ulong)(long)d->Immediate;
                    var entry = _loadTable + ((va >> 12) & FastMask);
                    if (((va & (PageMask | 0)) | _dataContext) == entry->Tag)
                    {
                        x[d->Rd] = (ulong)(long)*(sbyte*)(va + entry->Addend);
                    }
                    else if (SlowLoad(va, 1))
                    {
                        x[d->Rd] = (ulong)(long)(sbyte)_value;
                    }
                    else
                    {
                        goto Trap;
                    }

                    break;
                }

                case Op.Lh:
                {
                    var va = x[d->Rs1] + (ulong)(long)d->Immediate;
                    var entry = _loadTable + ((va >> 12) & FastMask);
                    if (((va & (PageMask | 1)) | _dataContext) == entry->Tag)
                    {
                        x[d->Rd] = (ulong)(long)*(short*)(va + entry->Addend);
                    }
                    else if (SlowLoad(va, 2))
                    {
                        x[d->Rd] = (ulong)(long)(short)_value;
                    }
                    else
                    {
                        goto Trap;
                    }

                    break;
                }

                case Op.Lw:
                {
                    var va = x[d->Rs1] + (ulong)(long)d->Immediate;
                    var entry = _loadTable + ((va >> 12) & FastMask);
                    if (((va & (PageMask | 3)) | _dataContext) == entry->Tag)
                    {
                        x[d->Rd] = (ulong)(long)*(int*)(va + entry->Addend);
                    }
                    else if (SlowLoad(va, 4))
                    {
                        x[d->Rd] = (ulong)(long)(int)_value;
                    }
                    else
                    {
                        goto Trap;
                    }

                    break;
                }

                case Op.Ld:
                {
                    var va = x[d->Rs1] + (ulong)(long)d->Immediate;
                    var entry = _loadTable + ((va >> 12) & FastMask);
                    if (((va & (PageMask | 7)) | _dataContext) == entry->Tag)
                    {
                        x[d->Rd] = *(ulong*)(va + entry->Addend);
                    }
                    else if (SlowLoad(va, 8))
                    {
                        x[d->Rd] = _value;
                    }
                    else
                    {
                        goto Trap;
                    }

                    break;
                }

                case Op.Lbu:
                {
                    var va = x[d->Rs1] + (ulong)(long)d->Immediate;
                    var entry = _loadTable + ((va >> 12) & FastMask);
                    if (((va & (PageMask | 0)) | _dataContext) == entry->Tag)
                    {
                        x[d->Rd] = *(byte*)(va + entry->Addend);
                    }
                    else if (SlowLoad(va, 1))
                    {
                        x[d->Rd] = (byte)_value;
                    }
                    else
                    {
                        goto Trap;
                    }

                    break;
                }

                case Op.Lhu:
                {
                    var va = x[d->Rs1] + (ulong)(long)d->Immediate;
                    var entry = _loadTable + ((va >> 12) & FastMask);
                    if (((va & (PageMask | 1)) | _dataContext) == entry->Tag)
                    {
                        x[d->Rd] = *(ushort*)(va + entry->Addend);
                    }
                    else if (SlowLoad(va, 2))
                    {
                        x[d->Rd] = (ushort)_value;
                    }
                    else
                    {
                        goto Trap;
                    }

                    break;
                }

                case Op.Lwu:
                {
                    var va = x[d->Rs1] + (ulong)(long)d->Immediate;
                    var entry = _loadTable + ((va >> 12) & FastMask);
                    if (((va & (PageMask | 3)) | _dataContext) == entry->Tag)
                    {
                        x[d->Rd] = *(uint*)(va + entry->Addend);
                    }
                    else if (SlowLoad(va, 4))
                    {
                        x[d->Rd] = (uint)_value;
                    }
                    else
                    {
                        goto Trap;
                    }

                    break;
                }

                case Op.Sb:
                {
                    var va = x[d->Rs1] + (ulong)(long)d->Immediate;
                    var entry = _storeTable + ((va >> 12) & FastMask);
                    if (((va & (PageMask | 0)) | _dataContext) == entry->Tag)
                    {
                        *(byte*)(va + entry->Addend) = (byte)x[d->Rs2];
                    }
                    else if (!SlowStore(va, 1, x[d->Rs2]))
                    {
                        goto Trap;
                    }

                    break;
                }

                case Op.Sh:
                {
                    var va = x[d->Rs1] + (ulong)(long)d->Immediate;
                    var entry = _storeTable + ((va >> 12) & FastMask);
                    if (((va & (PageMask | 1)) | _dataContext) == entry->Tag)
                    {
                        *(ushort*)(va + entry->Addend) = (ushort)x[d->Rs2];
                    }
                    else if (!SlowStore(va, 2, x[d->Rs2]))
                    {
                        goto Trap;
                    }

                    break;
                }

                case Op.Sw:
                {
                    var va = x[d->Rs1] + (ulong)(long)d->Immediate;
                    var entry = _storeTable + ((va >> 12) & FastMask);
                    if (((va & (PageMask | 3)) | _dataContext) == entry->Tag)
                    {
                        *(uint*)(va + entry->Addend) = (uint)x[d->Rs2];
                    }
                    else if (!SlowStore(va, 4, x[d->Rs2]))
                    {
                        goto Trap;
                    }

                    break;
                }

                case Op.Sd:
                {
                    var va = x[d->Rs1] + (ulong)(long)d->Immediate;
                    var entry = _storeTable + ((va >> 12) & FastMask);
                    if (((va & (PageMask | 7)) | _dataContext) == entry->Tag)
                    {
                        *(ulong*)(va + entry->Addend) = x[d->Rs2];
                    }
                    else if (!SlowStore(va, 8, x[d->Rs2]))
                    {
                        goto Trap;
                    }

                    break;
                }

                case Op.Addi:
                    x[d->Rd] = x[d->Rs1] + (ulong)(long)d->Immediate;
                    break;
                case Op.Slti:
                    x[d->Rd] = (long)x[d->Rs1] < d->Immediate ? 1UL : 0;
                    break;
                case Op.Sltiu:
                    x[d->Rd] = x[d->Rs1] < (ulong)(long)d->Immediate ? 1UL : 0;
                    break;
                case Op.Xori:
                    x[d->Rd] = x[d->Rs1] ^ (ulong)(long)d->Immediate;
                    break;
                case Op.Ori:
                    x[d->Rd] = x[d->Rs1] | (ulong)(long)d->Immediate;
                    break;
                case Op.Andi:
                    x[d->Rd] = x[d->Rs1] & (ulong)(long)d->Immediate;
                    break;
                case Op.Slli:
                    x[d->Rd] = x[d->Rs1] << d->Immediate;
                    break;
                case Op.Srli:
                    x[d->Rd] = x[d->Rs1] >> d->Immediate;
                    break;
                case Op.Srai:
                    x[d->Rd] = (ulong)((long)x[d->Rs1] >> d->Immediate);
                    break;
                case Op.Add:
                    x[d->Rd] = x[d->Rs1] + x[d->Rs2];
                    break;
                case Op.Sub:
                    x[d->Rd] = x[d->Rs1] - x[d->Rs2];
                    break;
                case Op.Sll:
                    x[d->Rd] = x[d->Rs1] << (int)(x[d->Rs2] & 63);
                    break;
                case Op.Slt:
                    x[d->Rd] = (long)x[d->Rs1] < (long)x[d->Rs2] ? 1UL : 0;
                    break;
                case Op.Sltu:
                    x[d->Rd] = x[d->Rs1] < x[d->Rs2] ? 1UL : 0;
                    break;
                case Op.Xor:
                    x[d->Rd] = x[d->Rs1] ^ x[d->Rs2];
                    break;
                case Op.Srl:
                    x[d->Rd] = x[d->Rs1] >> (int)(x[d->Rs2] & 63);
                    break;
                case Op.Sra:
                    x[d->Rd] = (ulong)((long)x[d->Rs1] >> (int)(x[d->Rs2] & 63));
                    break;
                case Op.Or:
                    x[d->Rd] = x[d->Rs1] | x[d->Rs2];
                    break;
                case Op.And:
                    x[d->Rd] = x[d->Rs1] & x[d->Rs2];
                    break;
                case Op.Addiw:
                    x[d->Rd] = (ulong)(long)(int)(x[d->Rs1] + (ulong)(long)d->Immediate);
                    break;
                case Op.Slliw:
                    x[d->Rd] = (ulong)(long)(int)((uint)x[d->Rs1] << d->Immediate);
                    break;
                case Op.Srliw:
                    x[d->Rd] = (ulong)(long)(int)((uint)x[d->Rs1] >> d->Immediate);
                    break;
                case Op.Sraiw:
                    x[d->Rd] = (ulong)(long)((int)x[d->Rs1] >> d->Immediate);
                    break;
                case Op.Addw:
                    x[d->Rd] = (ulong)(long)(int)(x[d->Rs1] + x[d->Rs2]);
                    break;
                case Op.Subw:
                    x[d->Rd] = (ulong)(long)(int)(x[d->Rs1] - x[d->Rs2]);
                    break;
                case Op.Sllw:
                    x[d->Rd] = (ulong)(long)(int)((uint)x[d->Rs1] << (int)(x[d->Rs2] & 31));
                    break;
                case Op.Srlw:
                    x[d->Rd] = (ulong)(long)(int)((uint)x[d->Rs1] >> (int)(x[d->Rs2] & 31));
                    break;
                case Op.Sraw:
                    x[d->Rd] = (ulong)(long)((int)x[d->Rs1] >> (int)(x[d->Rs2] & 31));
                    break;
                case Op.Mul:
                    x[d->Rd] = x[d->Rs1] * x[d->Rs2];
                    break;
                case Op.Mulh:
                    x[d->Rd] = (ulong)Math.BigMul((long)x[d->Rs1], (long)x[d->Rs2], out _);
                    break;
                case Op.Mulhu:
                    x[d->Rd] = Math.BigMul(x[d->Rs1], x[d->Rs2], out _);
                    break;
                case Op.Mulhsu:
                    x[d->Rd] = MultiplyHighSignedUnsigned(x[d->Rs1], x[d->Rs2]);
                    break;
                case Op.Div:
                    x[d->Rd] = Divide((long)x[d->Rs1], (long)x[d->Rs2]);
                    break;
                case Op.Divu:
                    x[d->Rd] = x[d->Rs2] == 0 ? ulong.MaxValue : x[d->Rs1] / x[d->Rs2];
                    break;
                case Op.Rem:
                    x[d->Rd] = Remainder((long)x[d->Rs1], (long)x[d->Rs2]);
                    break;
                case Op.Remu:
                    x[d->Rd] = x[d->Rs2] == 0 ? x[d->Rs1] : x[d->Rs1] % x[d->Rs2];
                    break;
                case Op.Mulw:
                    x[d->Rd] = (ulong)(long)(int)(x[d->Rs1] * x[d->Rs2]);
                    break;
                case Op.Divw:
                    x[d->Rd] = DivideWord((int)x[d->Rs1], (int)x[d->Rs2]);
                    break;
                case Op.Divuw:
                    x[d->Rd] = (uint)x[d->Rs2] == 0 ? ulong.MaxValue : (ulong)(long)(int)((uint)x[d->Rs1] / (uint)x[d->Rs2]);
                    break;
                case Op.Remw:
                    x[d->Rd] = RemainderWord((int)x[d->Rs1], (int)x[d->Rs2]);
                    break;
                case Op.Remuw:
                    x[d->Rd] = (ulong)(long)(int)((uint)x[d->Rs2] == 0 ? (uint)x[d->Rs1] : (uint)x[d->Rs1] % (uint)x[d->Rs2]);
                    break;
                case Op.Fence or Op.FenceTso:
                    break;
                case Op.Illegal:
                    Fail(Cause.IllegalInstruction, _options.IllegalInstructionValue ? raw : 0);
                    goto Trap;
                case Op.Ecall:
                    Fail(Cause.UserCall + (ulong)_mode, 0);
                    goto Trap;
                case Op.Ebreak:
                    Fail(Cause.Breakpoint, _options.BreakpointValue ? pc : 0);
                    goto Trap;
                case Op.Sret or Op.Mret:
                    if (!ReturnFromTrap(d))
                    {
                        goto Trap;
                    }

                    next = _pc;
                    break;
                default:
                    _pc = pc;
                    if (!Rare(d))
                    {
                        goto Trap;
                    }

                    break;
            }

            pc = next;
            continue;

        Trap:
            _pc = pc;
            TakeTrap(_trapCause, _trapValue);
            pc = _pc;
        }

        return _count - start;
    }

    private static ulong MultiplyHighSignedUnsigned(ulong a, ulong b) => Math.BigMul(a, b, out _) - ((long)a < 0 ? b : 0);

    private static ulong Divide(long a, long b) => b switch
    {
        0 => ulong.MaxValue,
        -1 => (ulong)-a,
        _ => (ulong)(a / b),
    };

    private static ulong Remainder(long a, long b) => b switch
    {
        0 => (ulong)a,
        -1 => 0,
        _ => (ulong)(a % b),
    };

    private static ulong DivideWord(int a, int b) => b switch
    {
        0 => ulong.MaxValue,
        -1 => (ulong)(long)-a,
        _ => (ulong)(long)(a / b),
    };

    private static ulong RemainderWord(int a, int b) => b switch
    {
        0 => (ulong)(long)a,
        -1 => 0,
        _ => (ulong)(long)(a % b),
    };

    /// <summary>Instructions that are not worth a place in the loop.</summary>
    private bool Rare(Decoded* d)
    {
        switch (d->Op)
        {
            case Op.FenceI:
                FlushInstructionCache();
                return true;
            case Op.Wfi:
                return WaitForInterrupt(d);
            case Op.SfenceVma:
                return FenceVirtualMemory(d);
            case >= Op.Csrrw and <= Op.Csrrci:
                return AccessCsr(d);
            case >= Op.LrW and <= Op.AmomaxuD:
                return Atomic(d);
            case Op.Vector:
                return Vector(d);
            default:
                return FloatingPoint(d);
        }
    }
}
