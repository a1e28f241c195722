using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using Rvirt.Tool.Blobs;
using Rvirt.Tool.Disks;
using Rvirt.Tool.Machines;

namespace Rvirt.Tool.Commands;

/// <summary><c>fit</c> and <c>sdcard</c>: what the HiFive Unleashed boots from, with Rvirt and its guests.</summary>
public static class CardCommand
{
    /// <summary>The setting that names the file of <c>make sdcard</c>.</summary>
    public const string Setting = "CARD";

    // Where the board's first stage looks for U-Boot, which is one sector behind two thousand of its own.
    private const long SplSector = 34, FitSector = 2082;

    // SiFive's types for the first stage, and for what that loads.
    private static readonly Guid s_spl = new("5b193300-fc78-40cd-8002-e86c45580b47"), s_fit = new("2e54b353-1271-4842-806f-e436d6af6985");

    /// <summary>The command behind <c>make fit</c>.</summary>
    public static Command CreateFit() => MakeCommand.Create("fit", "Makes the images that U-Boot loads on the HiFive Unleashed.", settings =>
    {
        MakeFit(RunSettings.ReadCard(settings), WorkingCopy.Find(), Outside.Real);
        return 0;
    });

    /// <summary>The command behind <c>make sdcard</c>.</summary>
    public static Command CreateCard() => MakeCommand.Create("sdcard", "Makes an SD card for the HiFive Unleashed.", settings =>
    {
        var copy = WorkingCopy.Find();
        MakeCard(RunSettings.ReadCard(settings), copy, FileOf(settings, copy), Outside.Real);
        return 0;
    });

    /// <summary>Where the card goes.</summary>
    public static string FileOf(Settings.Setting settings, WorkingCopy copy) => Path.GetFullPath(settings.Text(Setting) ?? Path.Combine(copy.Card, "sdcard.img"), copy.Top);

    /// <summary>Makes what SPL loads, and what <c>bootm</c> does.</summary>
    /// <returns>The first.</returns>
    public static string MakeFit(RunSettings settings, WorkingCopy copy, Outside outside)
    {
        var guests = Pack(settings, copy);
        var (spl, bootm) = (Path.Combine(copy.Card, "rvirt.itb"), Path.Combine(copy.Card, "rvirt-bootm.itb"));
        FitImage.MakeForSpl(spl, Bytes(settings, copy, overFirmware: false), guests, WorkingCopy.Need(copy.OfFirmware("unleashed.dtb"), "make firmware"), outside.Files, outside.Programs);
        FitImage.MakeForBootm(bootm, Bytes(settings, copy, overFirmware: true), guests, outside.Files, outside.Programs);
        Say($"{Path.GetRelativePath(copy.Top, spl)} is what U-Boot's SPL loads, {Path.GetRelativePath(copy.Top, bootm)} is for bootm (docs/boards/unleashed.md)");
        return spl;
    }

    /// <summary>Makes a card: the board's first stage, what that loads, and a disk for each guest.</summary>
    public static void MakeCard(RunSettings settings, WorkingCopy copy, string path, Outside outside)
    {
        var fit = MakeFit(settings, copy, outside);
        var disk = copy.OfGuest("disk.ext4", settings.Suite);
        var guests = settings.Kernel is null ? Enumerable.Range(0, settings.Guests).Select(guest => CardPartition.OfGuest(guest, WorkingCopy.Need(disk, "make guest"))) : [];
        CardImage.Make(
            path,
            [
                new CardPartition("spl", s_spl, WorkingCopy.Need(copy.OfFirmware("u-boot-spl.bin"), "make firmware")) { Sector = SplSector },
                new CardPartition("rvirt", s_fit, fit) { Sector = FitSector },
                .. guests,
            ],
            outside.Files,
            outside.Programs);
        Say($"{path} is the card: write it with dd, or boot it with QEMU (docs/boards/unleashed.md)");
    }

    private static string Pack(RunSettings settings, WorkingCopy copy)
    {
        var blob = Path.Combine(copy.Card, "guests.dtb");
        if (settings.IsBlob)
        {
            return settings.Kernel!;
        }

        // The cards of a machine of QEMU's are not these guests': it is their description that counts.
        var disks = Enumerable.Repeat(settings.Kernel is null ? blob : null, settings.Guests).ToList();
        return BlobFile.Pack(RunPlan.Make(settings, copy, disks, blob).Guests, blob) == 0 ? blob : throw new IOException("the guests cannot be packed");
    }

    private static string Bytes(RunSettings settings, WorkingCopy copy, bool overFirmware) =>
        WorkingCopy.Need(Path.ChangeExtension(copy.Image(settings.Board, overFirmware), ".bin"), "make image BOARD=unleashed");

    private static void Say(string text) => Console.Error.WriteLine($"card: {text}");
}
