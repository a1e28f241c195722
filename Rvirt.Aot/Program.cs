namespace Rvirt.Aot;

internal static class Program
{
    private static int Main() => 0;
}
