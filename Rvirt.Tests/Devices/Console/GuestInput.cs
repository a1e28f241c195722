using System.Text;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Console;

/// <summary>What the guests of a console are given of what is typed.</summary>
internal static class GuestInput
{
    /// <summary>Takes all that was typed for a guest and that it has not read.</summary>
    /// <param name="guest">One of those that share the console.</param>
    /// <param name="number">Whose input it is.</param>
    // SAFETY: the console lives as long as the test's guest, and TakeInput checks the number.
    public static unsafe string Typed(this TestGuest guest, int number)
    {
        var text = new StringBuilder();
        for (var value = guest.Console->TakeInput(number); value >= 0; value = guest.Console->TakeInput(number))
        {
            text.Append((char)value);
        }

        return text.ToString();
    }
}
