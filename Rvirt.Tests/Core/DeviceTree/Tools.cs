using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using NUnit.Framework;

namespace Rvirt.Tests.Core.DeviceTree;

/// <summary>Debian's dtc and QEMU, as second opinions.</summary>
internal static class Tools
{
    /// <summary>Compiles source text to a blob.</summary>
    public static byte[] Compile(string source, string? directory = null)
    {
        var (output, errors) = Run("dtc", "-q -I dts -O dtb -o - -", Encoding.UTF8.GetBytes(source), directory);
        Assert.That(errors, Is.Empty);
        return output;
    }

    /// <summary>Turns a blob into source text; any warning fails the test, unless the tree is another's.</summary>
    public static string Decompile(ReadOnlySpan<byte> blob, bool warnings = true)
    {
        var (output, errors) = Run("dtc", $"{(warnings ? "" : "-q ")}-I dtb -O dts -o - -", blob.ToArray(), null);
        Assert.That(errors, Is.Empty);
        return Encoding.UTF8.GetString(output);
    }

    /// <summary>The device tree QEMU hands to firmware.</summary>
    public static byte[] DumpQemu(string arguments, string machine = "virt")
    {
        var file = Path.GetTempFileName();
        try
        {
            Run("qemu-system-riscv64", $"-M {machine},dumpdtb={file} {arguments}", [], null);
            return File.ReadAllBytes(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static (byte[] Output, string Errors) Run(string program, string arguments, byte[] input, string? directory)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Fail($"{program} is missing: run make setup");
            throw;
        }

        using (process)
        {
            var errors = process.StandardError.ReadToEndAsync();
            var writing = System.Threading.Tasks.Task.Run(() =>
            {
                try
                {
                    process.StandardInput.BaseStream.Write(input);
                    process.StandardInput.Close();
                }
                catch (IOException)
                {
                    // The program ended without reading all of it.
                }
            });
            using var output = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(output);
            process.WaitForExit();
            writing.Wait();
            return (output.ToArray(), errors.Result);
        }
    }
}
