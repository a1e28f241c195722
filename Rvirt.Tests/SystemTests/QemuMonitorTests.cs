using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>How tests come to QEMU's monitor.</summary>
public sealed class QemuMonitorTests
{
    [TestCase("", Description = "before the greeting")]
    [TestCase("{}\r\n", Description = "behind it")]
    public async Task WhoIsDroppedWhileQEMUStartsComesAgain(string first)
    {
        using var folder = new TemporaryFolder();
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(folder.File("monitor")));
        listener.Listen();
        var served = Task.Run(() =>
        {
            using (var dropped = listener.Accept())
            {
                dropped.Send(Encoding.ASCII.GetBytes(first));
            }

            using var kept = listener.Accept();
            kept.Send("{}\r\n{\"return\": 0}\r\n{\"return\": \"answer\"}\r\n"u8);
            while (kept.Receive(new byte[4096]) != 0)
            {
                // Until the peer goes.
            }
        });
        using var program = Process.GetCurrentProcess();
        using (var monitor = new QemuMonitor(folder.File("monitor"), program, () => ""))
        {
            Assert.That(monitor.Human("info"), Does.Contain("answer"));
        }

        await served;
    }

    [Test]
    public void QEMUThatEndsInsteadSaysWhy()
    {
        using var folder = new TemporaryFolder();
        using var qemu = QemuMachine.Start(["-m", "nonsense", .. QemuMonitor.Arguments(folder.File("monitor"))], Patience.Least);
        Assert.That(() => new QemuMonitor(folder.File("monitor"), qemu), Throws.TypeOf<AssertionException>().With.Message.Contains("ended"));
    }
}
