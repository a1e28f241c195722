using Rvirt.Reference.Instructions;

namespace Rvirt.Reference.Harts;

/// <summary>F and D instructions.</summary>
// SAFETY: the interpreter hands in an entry of its own table, whose register numbers are five bits of an instruction; f has a slot for each.
public sealed unsafe partial class Hart
{
    private const ulong Box = 0xffff_ffff_0000_0000;

    private int _fflags;
    private int _frm;

    private ulong Single(int register) => (_f[register] & Box) == Box ? (uint)_f[register] : FloatFormat.Single.QuietNaN;

    private bool FloatingPoint(Decoded* d)
    {
        if ((_mstatus & Status.Fs) == 0)
        {
            return IllegalInstruction(d);
        }

        var row = InstructionTable.Of(d->Op);
        var rm = d->RoundingMode;
        if (Decoder.Rounds(row.Format))
        {
            rm = rm == 7 ? _frm : rm;
            if (rm > 4)
            {
                return IllegalInstruction(d);
            }
        }

        var va = _x[d->Rs1] + (ulong)(long)d->Immediate;
        switch (d->Op)
        {
            case Op.Flw:
                if (!SlowLoad(va, 4))
                {
                    return false;
                }

                WriteFloat(d, Box | _value);
                return true;
            case Op.Fld:
                if (!SlowLoad(va, 8))
                {
                    return false;
                }

                WriteFloat(d, _value);
                return true;
            case Op.Fsw:
                return SlowStore(va, 4, _f[d->Rs2]);
            case Op.Fsd:
                return SlowStore(va, 8, _f[d->Rs2]);
            case >= Op.FmaddS and <= Op.FmvWX:
                Arithmetic(d, FloatFormat.Single, d->Op, rm);
                return true;
            case >= Op.FmaddD and <= Op.FmvDX:
                Arithmetic(d, FloatFormat.Double, d->Op - Op.FmaddD + Op.FmaddS, rm);
                return true;
            case Op.FcvtSD:
                WriteFloat(d, Box | SoftFloat.Convert(FloatFormat.Double, FloatFormat.Single, _f[d->Rs1], rm, ref _fflags));
                return true;
            default:
                WriteFloat(d, SoftFloat.Convert(FloatFormat.Single, FloatFormat.Double, Single(d->Rs1), rm, ref _fflags));
                return true;
        }
    }

    private void WriteFloat(Decoded* d, ulong value)
    {
        _f[d->Rd] = value;
        _mstatus |= Status.Fs;
    }

    private void WriteInteger(Decoded* d, ulong value) => _x[d->Rd] = value;

    /// <summary>An operation of one format, named by its single-precision form.</summary>
    private void Arithmetic(Decoded* d, FloatFormat f, Op op, int rm)
    {
        var single = f == FloatFormat.Single;
        var a = single ? Single(d->Rs1) : _f[d->Rs1];
        var b = single ? Single(d->Rs2) : _f[d->Rs2];
        var box = single ? Box : 0;
        var flags = _fflags;
        ulong result;
        switch (op)
        {
            case Op.FmaddS or Op.FmsubS or Op.FnmsubS or Op.FnmaddS:
            {
                var c = single ? Single(d->Rs3) : _f[d->Rs3];
                a ^= op is Op.FnmsubS or Op.FnmaddS ? f.SignBit : 0;
                c ^= op is Op.FmsubS or Op.FnmaddS ? f.SignBit : 0;
                result = SoftFloat.MultiplyAdd(f, a, b, c, rm, ref flags);
                break;
            }

            case Op.FaddS: result = SoftFloat.Add(f, a, b, rm, ref flags); break;
            case Op.FsubS: result = SoftFloat.Add(f, a, b ^ f.SignBit, rm, ref flags); break;
            case Op.FmulS: result = SoftFloat.Multiply(f, a, b, rm, ref flags); break;
            case Op.FdivS: result = SoftFloat.Divide(f, a, b, rm, ref flags); break;
            case Op.FsqrtS: result = SoftFloat.SquareRoot(f, a, rm, ref flags); break;
            case Op.FsgnjS: result = f.Magnitude(a) | (b & f.SignBit); break;
            case Op.FsgnjnS: result = f.Magnitude(a) | (~b & f.SignBit); break;
            case Op.FsgnjxS: result = a ^ (b & f.SignBit); break;
            case Op.FminS: result = SoftFloat.Extreme(f, a, b, false, ref flags); break;
            case Op.FmaxS: result = SoftFloat.Extreme(f, a, b, true, ref flags); break;
            case Op.FcvtSW: result = SoftFloat.FromInteger(f, (ulong)(long)(int)_x[d->Rs1], false, rm, ref flags); break;
            case Op.FcvtSWu: result = SoftFloat.FromInteger(f, (uint)_x[d->Rs1], true, rm, ref flags); break;
            case Op.FcvtSL: result = SoftFloat.FromInteger(f, _x[d->Rs1], false, rm, ref flags); break;
            case Op.FcvtSLu: result = SoftFloat.FromInteger(f, _x[d->Rs1], true, rm, ref flags); break;
            case Op.FmvWX: result = single ? (uint)_x[d->Rs1] : _x[d->Rs1]; break;
            default:
                WriteInteger(d, ToInteger(d, f, op, a, b, rm, ref flags));
                if (flags != _fflags)
                {
                    _fflags = flags;
                    _mstatus |= Status.Fs;
                }

                return;
        }

        _fflags = flags;
        WriteFloat(d, box | result);
    }

    private ulong ToInteger(Decoded* d, FloatFormat f, Op op, ulong a, ulong b, int rm, ref int flags) => op switch
    {
        Op.FeqS => SoftFloat.Equal(f, a, b, ref flags) ? 1u : 0u,
        Op.FltS => SoftFloat.Less(f, a, b, false, ref flags) ? 1u : 0u,
        Op.FleS => SoftFloat.Less(f, a, b, true, ref flags) ? 1u : 0u,
        Op.FclassS => SoftFloat.Classify(f, a),
        Op.FcvtWS => SoftFloat.ToInteger(f, a, false, 32, rm, ref flags),
        Op.FcvtWuS => SoftFloat.ToInteger(f, a, true, 32, rm, ref flags),
        Op.FcvtLS => SoftFloat.ToInteger(f, a, false, 64, rm, ref flags),
        Op.FcvtLuS => SoftFloat.ToInteger(f, a, true, 64, rm, ref flags),
        _ => f == FloatFormat.Single ? (ulong)(long)(int)_f[d->Rs1] : _f[d->Rs1],
    };
}
