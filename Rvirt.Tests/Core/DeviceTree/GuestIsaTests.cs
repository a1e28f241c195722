using System;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Tests.Core.DeviceTree;

/// <summary>What a guest's harts have, from what the host's tree says in the string that bindings had first, or in the list that came after it.</summary>
internal sealed class GuestIsaTests
{
    // The string's I has the counters, Zicsr and Zifencei in it.
    [TestCase("rv64imafdc_zicsr_zifencei_zihintpause_zba_zbb_zbc_zbs", false, ExpectedResult = "rv64imafdc_zicntr_zicsr_zifencei_zihintpause_zba_zbb_zbc_zbs")]
    [TestCase("rv64imafdch_zicbom_zicboz_zicsr_zifencei_zawrs_zba_sstc_svadu", true, ExpectedResult = "rv64imafdc_zicntr_zicsr_zifencei_zba_svvptc")]
    [TestCase("rv64imafdcsu", false, ExpectedResult = "rv64imafdc_zicntr_zicsr_zifencei")]
    [TestCase("rv64imafdcv_zve64d_zvl128b_zfh_zfhmin_zkr", false, ExpectedResult = "rv64imafdc_zicntr_zicsr_zifencei_zfh_zfhmin")]
    [TestCase("rv64gc", false, ExpectedResult = "rv64imafdc_zicntr_zicsr_zifencei")]
    [TestCase("rv64ima", true, ExpectedResult = "rv64ima_zicntr_zicsr_zifencei_svvptc")]
    [TestCase("rv64imac_z_zb__zbb_", false, ExpectedResult = "rv64imac_zicntr_zicsr_zifencei_zbb")]
    [TestCase("rv64imaczba_zbb", false, ExpectedResult = "rv64imac_zicntr_zicsr_zifencei_zba_zbb", Description = "the first name needs no underscore")]
    [TestCase("rv64imac_zihpm", false, ExpectedResult = "rv64imac_zicntr_zicsr_zifencei", Description = "guests have no further counters")]
    [TestCase("rv64mac_zba", false, ExpectedResult = "")]
    [TestCase("rv32imac", false, ExpectedResult = "")]
    [TestCase("rv6", false, ExpectedResult = "")]
    [TestCase("", false, ExpectedResult = "")]
    public string OfTheString(string host, bool svvptc) => Derive(IsaExtensions.OfText(Encoding.ASCII.GetBytes(host)), svvptc);

    // The list has what it names and nothing else.
    [TestCase("i m a c", true, ExpectedResult = "rv64imac_svvptc")]
    [TestCase("i m a f d c h zicntr zicsr zifencei zihpm zawrs zba sstc svadu", false, ExpectedResult = "rv64imafdc_zicntr_zicsr_zifencei_zba")]
    [TestCase("zbb zba c i m", false, ExpectedResult = "rv64imc_zba_zbb", Description = "in any order")]
    [TestCase("m a c", false, ExpectedResult = "")]
    [TestCase("", false, ExpectedResult = "")]
    public string OfTheList(string host, bool svvptc) => Derive(List(host), svvptc);

    [TestCase("rv64imafdcv_zve64d_zvl128b_zfh_zvbb_zkr", true, ExpectedResult = "rv64imafdcv_zicntr_zicsr_zifencei_zfh_zvbb")]
    [TestCase("rv64imafdcv_zve64d_zvl128b_zfh_zvbb_zkr", false, ExpectedResult = "rv64imafdc_zicntr_zicsr_zifencei_zfh")]
    [TestCase("rv64imafdcvh_zba", true, ExpectedResult = "rv64imafdcv_zicntr_zicsr_zifencei_zba")]
    public string OfAHostWithVectors(string host, bool vectors) => Derive(IsaExtensions.OfText(Encoding.ASCII.GetBytes(host)), false, vectors);

    [Test]
    public void AnUnfinishedListIsReadToItsEnd() =>
        Assert.That(Derive(IsaExtensions.OfList("\0i\0\0m\0zba"u8), false), Is.EqualTo("rv64im_zba"));

    [TestCase("rv64imafdch_zicsr_sstc", "h", ExpectedResult = true)]
    [TestCase("rv64imafdc_zicsr_sstc", "h", ExpectedResult = false)]
    [TestCase("rv64gc", "d", ExpectedResult = true)]
    [TestCase("rv64imafdch_zicsr_zbb", "zb", ExpectedResult = false)]
    [TestCase("rv64imafdch_zicsr_zbb", "zbb", ExpectedResult = true)]
    [TestCase("rv64imafdch_zicsr_zbb", "", ExpectedResult = false)]
    [TestCase("rv64imafdch_i|m", "i|m", ExpectedResult = false)]
    public bool Has(string isa, string extension) => IsaExtensions.OfText(Encoding.ASCII.GetBytes(isa)).Has(Encoding.ASCII.GetBytes(extension));

    [Test]
    public void TwoHartsHaveInCommonWhatBothHave() =>
        Assert.That(Derive(List("i m a f d c zba zbb") & List("i m a c zicntr zbb"), false), Is.EqualTo("rv64imac_zbb"));

    [Test]
    public void EverythingKnownFitsTheBuffer()
    {
        const string All = "zicbop zicntr zicond zicsr zifencei zihintntl zihintpause zimop zmmul zaamo zabha zacas zalrsc zfa zfbfmin zfh zfhmin"
            + " zca zcd zcf zcmop zba zbb zbc zbkb zbkc zbkx zbs zknd zkne zknh zksed zksh zkt"
            + " zvbb zvbc zvfh zvfhmin zvkb zvkg zvkned zvknha zvknhb zvksed zvksh zvkt";
        Assert.That(Derive(List("i m a f d c b v h " + All), true, vectors: true), Is.EqualTo("rv64imafdcbv_" + All.Replace(' ', '_') + "_svvptc"));
        Assert.That(GuestIsa.Derive(List("i m a"), false, true, new byte[GuestIsa.MaximumLength - 1]).Length, Is.Zero);
    }

    [TestCase("i m zicbop zba", "zicbop", ExpectedResult = "rv64im_zba")]
    [TestCase("i m zicbop zba", "m", ExpectedResult = "rv64i_zicbop_zba")]
    [TestCase("i m zicbop zba", "zicb", ExpectedResult = "rv64im_zicbop_zba")]
    public string AllButOne(string host, string name) => Derive(List(host).Without(Encoding.ASCII.GetBytes(name)), false);

    private static IsaExtensions List(string names) =>
        IsaExtensions.OfList(Encoding.ASCII.GetBytes(string.Concat(names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => name + "\0"))));

    private static string Derive(IsaExtensions host, bool svvptc, bool vectors = false) =>
        Encoding.ASCII.GetString(GuestIsa.Derive(host, vectors, svvptc, new byte[GuestIsa.MaximumLength]));
}
