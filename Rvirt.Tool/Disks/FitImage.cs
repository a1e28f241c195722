using System;
using System.Globalization;
using System.IO;
using System.Text;
using Rvirt.Tool.Files;

namespace Rvirt.Tool.Disks;

/// <summary>What U-Boot loads on the HiFive Unleashed: a flattened image tree (U-Boot's manual, "Flat Image Tree"), which mkimage(1) makes.</summary>
public static class FitImage
{
    private const ulong Firmware = 0x8000_0000, Supervisor = 0x8020_0000, Guests = 0x9000_0000;

    /// <summary>
    /// One that the first stage, U-Boot's SPL, loads: Rvirt in place of the firmware, the guests in place of U-Boot, and the board's tree, which says where they are.
    /// </summary>
    /// <param name="path">Where it shall be.</param>
    /// <param name="image">Rvirt with its own machine-mode part, as bytes.</param>
    /// <param name="guests">The guests' blob.</param>
    /// <param name="tree">The board's tree.</param>
    /// <param name="files">How files are written.</param>
    /// <param name="programs">What makes them.</param>
    /// <exception cref="IOException">A part is missing, or a program failed.</exception>
    public static void MakeForSpl(string path, string image, string guests, string tree, WholeFile files, IPrograms programs) => files.Make(path, unfinished =>
    {
        var edited = unfinished + ".dtb";
        try
        {
            programs.Run("cp", tree, edited);
            programs.Run("chmod", "u+w", edited);
            Tell(programs, edited, "linux,initrd-start", Guests);
            Tell(programs, edited, "linux,initrd-end", Guests + (ulong)new FileInfo(guests).Length);
            // SPL asks for both under these names, and goes on to the first.
            Make(unfinished, programs, $$"""
                opensbi { description = "Rvirt"; data = {{Data(image)}}; type = "firmware"; os = "opensbi"; arch = "riscv"; compression = "none"; load = <{{Firmware}}>; entry = <{{Firmware}}>; };
                uboot { description = "guests"; data = {{Data(guests)}}; type = "standalone"; os = "U-Boot"; arch = "riscv"; compression = "none"; load = <{{Guests}}>; };
                fdt-1 { description = "hifive-unleashed-a00"; data = {{Data(edited)}}; type = "flat_dt"; compression = "none"; };
                """,
                """firmware = "opensbi"; loadables = "uboot"; fdt = "fdt-1";""");
        }
        finally
        {
            File.Delete(edited);
        }

        return true;
    });

    /// <summary>One for U-Boot's command bootm, above the firmware that U-Boot runs on.</summary>
    /// <param name="path">Where it shall be.</param>
    /// <param name="image">Rvirt for S-mode, as bytes.</param>
    /// <param name="guests">The guests' blob.</param>
    /// <param name="files">How files are written.</param>
    /// <param name="programs">What makes them.</param>
    /// <exception cref="IOException">A part is missing, or a program failed.</exception>
    public static void MakeForBootm(string path, string image, string guests, WholeFile files, IPrograms programs) => files.Make(path, unfinished =>
    {
        Make(unfinished, programs, $$"""
            kernel { description = "Rvirt"; data = {{Data(image)}}; type = "kernel"; os = "linux"; arch = "riscv"; compression = "none"; load = <{{Supervisor}}>; entry = <{{Supervisor}}>; };
            guests { description = "guests"; data = {{Data(guests)}}; type = "ramdisk"; os = "linux"; arch = "riscv"; compression = "none"; load = <{{Guests}}>; };
            """,
            """kernel = "kernel"; ramdisk = "guests";""");
        return true;
    });

    private static void Make(string path, IPrograms programs, string images, string configuration)
    {
        var source = path + ".its";
        try
        {
            File.WriteAllText(
                source,
                "/dts-v1/;\n/ {\ndescription = \"Rvirt\";\n#address-cells = <1>;\nimages {\n" + images
                + "\n};\nconfigurations {\ndefault = \"conf-1\";\nconf-1 {\ndescription = \"hifive-unleashed-a00\";\n" + configuration + "\n};\n};\n};\n");
            // Data behind the tree, in sectors of their own: SPL reads no more than it needs.
            programs.Run("sh", "-c", "exec mkimage -f \"$0\" -E -p 0x2000 \"$1\" >/dev/null", source, path);
        }
        finally
        {
            File.Delete(source);
        }
    }

    private static void Tell(IPrograms programs, string tree, string property, ulong value) => programs.Run(
        "fdtput", "-t", "x", tree, "/chosen", property, (value >> 32).ToString("x", CultureInfo.InvariantCulture), ((uint)value).ToString("x", CultureInfo.InvariantCulture));

    private static string Data(string path) => new StringBuilder("/incbin/(\"").Append(path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append("\")").ToString();
}
