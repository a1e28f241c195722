namespace Rvirt.Devices.Console;

/// <summary>The decimal digits of a number, the first one first.</summary>
internal struct DecimalDigits
{
    private readonly ulong _value;
    private ulong _divisor;

    /// <summary>Begins with the first.</summary>
    internal DecimalDigits(ulong value)
    {
        _value = value;
        _divisor = 1;
        while (value / _divisor >= 10)
        {
            _divisor *= 10;
        }
    }

    /// <summary>Takes the next.</summary>
    /// <param name="digit">Its character.</param>
    /// <returns>False behind the last.</returns>
    internal bool TryNext(out byte digit)
    {
        digit = 0;
        if (_divisor == 0)
        {
            return false;
        }

        digit = (byte)('0' + (_value / _divisor % 10));
        _divisor /= 10;
        return true;
    }
}
