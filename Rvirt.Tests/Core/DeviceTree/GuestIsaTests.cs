using System.Text;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Tests.Core.DeviceTree;

internal sealed class GuestIsaTests
{
    [TestCase("rv64imafdc_zicsr_zifencei_zihintpause_zba_zbb_zbc_zbs", false, ExpectedResult = "rv64imafdc_zicsr_zifencei_zihintpause_zba_zbb_zbc_zbs")]
    [TestCase("rv64imafdch_zicbom_zicboz_zicsr_zifencei_zawrs_zba_sstc_svadu", true, ExpectedResult = "rv64imafdc_zicsr_zifencei_zba_svvptc")]
    [TestCase("rv64imafdcsu", false, ExpectedResult = "rv64imafdc")]
    [TestCase("rv64imafdcv_zve64d_zvl128b_zfh_zfhmin_zkr", false, ExpectedResult = "rv64imafdc_zfh_zfhmin")]
    [TestCase("rv64gc", false, ExpectedResult = "rv64imafdc")]
    [TestCase("rv64ima", true, ExpectedResult = "rv64ima_svvptc")]
    [TestCase("rv64imac_z_zb__zbb_", false, ExpectedResult = "rv64imac_zbb")]
    [TestCase("rv32imac", false, ExpectedResult = "")]
    [TestCase("rv6", false, ExpectedResult = "")]
    [TestCase("", false, ExpectedResult = "")]
    public string Derives(string host, bool svvptc)
    {
        var buffer = new byte[GuestIsa.MaximumLength];
        return Encoding.ASCII.GetString(GuestIsa.Derive(Encoding.ASCII.GetBytes(host), svvptc, buffer));
    }

    [TestCase("rv64imafdch_zicsr_sstc", "h", ExpectedResult = true)]
    [TestCase("rv64imafdc_zicsr_sstc", "h", ExpectedResult = false)]
    [TestCase("rv64gc", "d", ExpectedResult = true)]
    [TestCase("rv64imafdch_zicsr_sstc", "sstc", ExpectedResult = true)]
    [TestCase("rv64imafdch_zicsr_sstc", "sst", ExpectedResult = false)]
    [TestCase("rv64imafdch_zicsr_sstc", "zicsr", ExpectedResult = true)]
    public bool Has(string isa, string extension) => GuestIsa.Has(Encoding.ASCII.GetBytes(isa), Encoding.ASCII.GetBytes(extension));
}
