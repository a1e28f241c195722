using System;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.Tool;

public sealed class GuestSpecTests
{
    [Test]
    public void ReadsEveryKeyAndLetsAppendTakeTheRest()
    {
        var guest = GuestSpec.Parse("name=a,kernel=K,initrd=I,memory=1G,harts=2,share=250,pinned=1,autostart=0,snapshot=1,devices=7+6,ramdisk=R,network=private,mac=52:54:00:72:76:1f,disk=L,disk-readonly=1,append=console=ttyS0,115200 x=y");
        Assert.Multiple(() =>
        {
            Assert.That((guest.Name, guest.Kernel, guest.Initrd, guest.RamDisk), Is.EqualTo(("a", "K", "I", "R")));
            Assert.That(guest.Memory, Is.EqualTo(1UL << 30));
            Assert.That(guest.Harts, Is.EqualTo(2));
            Assert.That((guest.Share, guest.Pinned, guest.Autostart, guest.Snapshot), Is.EqualTo((250u, true, false, true)));
            Assert.That((guest.Disk, guest.DiskReadOnly), Is.EqualTo(("L", true)));
            Assert.That(guest.Devices, Is.EqualTo([7u, 6u]));
            Assert.That((guest.Network, guest.Mac), Is.EqualTo(("private", "52:54:00:72:76:1f")));
            Assert.That(guest.Append, Is.EqualTo("console=ttyS0,115200 x=y"));
        });
    }

    [Test]
    public void LeavesOutWhatIsNotSaid()
    {
        var guest = GuestSpec.Parse("kernel=K,name=a");
        Assert.That(guest, Is.EqualTo(new GuestSpec("a", "K", null, "", null, 1, null)));
    }

    [TestCase("kernel=K", "name=")]
    [TestCase("name=a", "kernel=")]
    [TestCase("name=a,kernel=K,memry=1G", "memry")]
    [TestCase("name=a,kernel=K,memory=big", "big")]
    [TestCase("name=a,kernel=K,memory=99999999999G", "99999999999G")]
    [TestCase("name=a,kernel=K,devices=x", "x")]
    [TestCase("name=a,kernel=K,pinned=yes", "yes")]
    [TestCase("name=a,kernel=K,autostart=2", "autostart")]
    [TestCase("name=a,kernel=K,snapshot=2", "snapshot")]
    [TestCase("name=a,kernel=K,disk=L,disk-readonly=yes", "disk-readonly")]
    [TestCase("name=a,kernel=K,share=-1", "-1")]
    [TestCase("name=a,kernel=K,network=both", "both")]
    [TestCase("name=a,kernel=K,mac=52:54:00:72:76", "52:54:00:72:76")]
    [TestCase("name=a,kernel=K,mac=52:54:00:72:76:xy", "xy")]
    [TestCase("name", "name")]
    public void SaysWhatIsWrong(string text, string word) =>
        Assert.That(() => GuestSpec.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains(word));
}
