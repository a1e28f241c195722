using System;
using System.Linq;
using CsCheck;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Mmu;

/// <summary>
/// Random guests that edit their tables, fence or forget to, and switch: whatever the shadow tables map at any time, a TLB that obeys
/// the fences could have held, and what a fault is answered with is what the guest's tables say now.
/// </summary>
public sealed class VirtualTlbTests
{
    private static readonly AccessKind[] _accesses = [AccessKind.Fetch, AccessKind.Load, AccessKind.Store];

    private static readonly ulong[] _addresses =
    [
        0x1000, 0x2000, 0x9000, 0x20_1000, 0x20_2000, 0x3f_f000, 0x4000_0000, 0x4020_1000, 0xffff_ffff_8000_1000, 0xffff_ffff_8020_2000,
        0x40_0000_0000, 0xffff_ffc0_0000_1000,
    ];

    // 65 and 1 have the same place among the ASIDs that are kept.
    private static readonly ushort[] _asids = [1, 2, 65];

    private static readonly ulong[] _flags =
    [
        0xc7, 0xcf, 0xdf, 0xd7, 0x47, 0x57, 0x07, 0x17, 0x4b, 0x5b, 0x49, 0x59, 0x43, 0x53, 0xe7, 0xff, 0x67, 0x6b, 0x45, 0xc6, 0xd3, 0x5f,
    ];

    private static readonly Gen<Step> _step = Gen.Select(Gen.Int[0, 31], Gen.Int[0, 63], Gen.Int[0, 63], Gen.Int[0, 63], (kind, a, b, c) => new Step(kind, a, b, c));

    [TestCase(TranslationMode.Sv57, TranslationMode.Sv39, 64)]
    [TestCase(TranslationMode.Sv57, TranslationMode.Sv39, 16)]
    [TestCase(TranslationMode.Sv57, TranslationMode.Sv48, 64)]
    [TestCase(TranslationMode.Sv57, TranslationMode.Sv48, 16)]
    [TestCase(TranslationMode.Sv48, TranslationMode.Sv39, 64)]
    [TestCase(TranslationMode.Sv39, TranslationMode.Sv39, 64)]
    [TestCase(TranslationMode.Sv39, TranslationMode.Sv39, 64, 1)]
    public void MapsOnlyWhatATlbCouldHold(TranslationMode host, TranslationMode guest, int tables, int maximumAsid = 0xffff) =>
        Sample(host, guest, tables, maximumAsid, native: false);

    [TestCase(TranslationMode.Sv57, TranslationMode.Sv39, 64)]
    [TestCase(TranslationMode.Sv57, TranslationMode.Sv48, 16)]
    [TestCase(TranslationMode.Sv39, TranslationMode.Sv39, 64)]
    [TestCase(TranslationMode.Sv39, TranslationMode.Sv39, 64, 1)]
    public void AnotherPolicyOfViewsMapsOnlyWhatATlbCouldHold(TranslationMode host, TranslationMode guest, int tables, int maximumAsid = 0xffff) =>
        Sample(host, guest, tables, maximumAsid, native: true);

    /// <summary>
    /// A page that is global by a link of one root, then another root with the same link, but not global: the page may stay, whatever
    /// becomes of that link, until a fence orders global mappings.
    /// </summary>
    [Test]
    public void AGlobalPageIsInAnAddressSpaceThatHasItOtherwise()
    {
        using var run = new Run(TranslationMode.Sv57, TranslationMode.Sv39, 64, 0xffff, native: true);
        Step[] steps =
        [
            new(4, 55, 58, 3), new(14, 61, 48, 25), new(9, 30, 5, 6), new(17, 9, 16, 34), new(25, 56, 6, 43), new(14, 2, 36, 21), new(0, 32, 21, 62),
            new(9, 39, 44, 49), new(8, 0, 0, 0),
        ];
        foreach (var step in steps)
        {
            run.Do(step);
            run.Check();
            Assert.That(run.IsMapped(0xffff_ffff_8000_1000), Is.EqualTo(step.Kind != 8 && Array.IndexOf(steps, step) > 3), step.ToString());
        }
    }

    private static void Sample(TranslationMode host, TranslationMode guest, int tables, int maximumAsid, bool native) =>
        _step.Array[1, 120].ForAll(
            steps =>
            {
                using var run = new Run(host, guest, tables, (ushort)maximumAsid, native);
                foreach (var step in steps)
                {
                    run.Do(step);
                    run.Check();
                }

                return true;
            },
            iter: 1000);

    private readonly record struct Step(int Kind, int A, int B, int C);

    private sealed class Run : IDisposable
    {
        private readonly MmuWorld _world;
        private readonly ulong[] _entries;
        private readonly ulong[] _tables;
        private readonly ulong[] _roots;
        private readonly TableHistory _history;
        private readonly int _mode;

        public Run(TranslationMode host, TranslationMode guest, int tables, ushort maximumAsid, bool native)
        {
            _world = new MmuWorld(host, maximumAsid: maximumAsid, tables: tables, hostAddress: 0x1_0020_0000, native: native);
            _mode = (int)guest;
            _tables = Enumerable.Range(0, 8).Select(_ => _world.NewTable()).ToArray();
            _roots = guest == TranslationMode.Sv48 ? [_tables[6], _tables[7]] : [_tables[0], _tables[1]];
            // One table of each level serves several places, so that a change shows in all of them.
            foreach (var root in new[] { 0, 1 })
            {
                _world.WriteEntry(_tables[6 + root], 0, _tables[root], 1);
                _world.WriteEntry(_tables[6 + root], 511, _tables[root], 1);
                _world.WriteEntry(_tables[root], 0, _tables[2], 1);
                _world.WriteEntry(_tables[root], 1, _tables[3], 1);
                _world.WriteEntry(_tables[root], 510, _tables[2], 1);
                _world.WriteEntry(_tables[2 + root], 0, _tables[4], 1);
                _world.WriteEntry(_tables[2 + root], 1, _tables[5], 1);
                _world.WriteEntry(_tables[4 + root], 1, MmuWorld.Ram + 0x1_0000, 0xd7);
                _world.WriteEntry(_tables[4 + root], 2, MmuWorld.Ram + 0x1_1000, 0xcf);
            }

            int[] leaf = [1, 2, 9, 511];
            _entries =
            [
                .. from table in _tables[..2] from index in new[] { 0, 1, 256, 510 } select table + ((ulong)index * 8),
                .. from table in _tables[2..4] from index in new[] { 0, 1 } select table + ((ulong)index * 8),
                .. from table in _tables[4..6] from index in leaf select table + ((ulong)index * 8),
                .. from table in _tables[6..] from index in new[] { 0, 511 } select table + ((ulong)index * 8),
            ];
            _history = new TableHistory(_world, _entries);
            SetSatp(0, 1);
        }

        public void Do(Step step)
        {
            switch (step.Kind)
            {
                case < 8:
                    Edit(step);
                    break;
                case 8:
                    _world.FenceAll();
                    _history.FenceAll();
                    break;
                case 9:
                    _world.FenceAsid(_asids[step.A % 3]);
                    _history.FenceAsid(_asids[step.A % 3]);
                    break;
                case 10 or 11:
                    _world.FencePage(Address(step.A));
                    _history.FencePage(Address(step.A), null);
                    break;
                case 12 or 13:
                    _world.FencePageAsid(Address(step.A), _asids[step.B % 3]);
                    _history.FencePage(Address(step.A), _asids[step.B % 3]);
                    break;
                case 14:
                    SetSatp(step.A % 2, _asids[step.B % 3]);
                    break;
                case 15 when step.A < 8:
                    SetSatp((ulong)step.A << 44);
                    break;
                case < 19:
                    Become(Privilege.All[step.A % Privilege.All.Length]);
                    break;
                default:
                    Access(Address(step.A) + ((ulong)step.B * 8), _accesses[step.C % 3]);
                    break;
            }

            _history.Update();
        }

        /// <summary>All that the active view maps, and the hart can do there, is explained.</summary>
        public void Check()
        {
            Assert.That(_world.HasWindow(), Is.EqualTo(!_world.IsNative), "the hypervisor is mapped where the hart runs it by these tables, and nowhere else");
            foreach (var va in _addresses)
            {
                if (!_world.Hart.TryLookUp(va, out var leaf, out var level))
                {
                    continue;
                }

                var guestPage = _world.ToGuest(StrictHart.Physical(leaf, va, level)) & ~0xfffUL;
                foreach (var access in _accesses.Where(access => _world.Hart.Allows(leaf, access)))
                {
                    Explain(va, access, guestPage, "the shadow tables map");
                }
            }
        }

        public bool IsMapped(ulong va) => _world.IsMapped(va);

        public void Dispose() => _world.Dispose();

        private static ulong Address(int choice) => _addresses[choice % _addresses.Length];

        private void SetSatp(int root, ushort asid) => SetSatp(((ulong)_mode << 60) | ((ulong)asid << 44) | (_roots[root] >> 12));

        private void SetSatp(ulong satp)
        {
            _history.SetSatp(_world.Satp, satp);
            _world.SetSatp(satp);
        }

        private void Become(Privilege privilege)
        {
            if (!_world.TrySwitch(privilege))
            {
                _world.Become(privilege);
            }
        }

        private void Edit(Step step)
        {
            var entry = _entries[step.A % _entries.Length];
            var flags = _flags[step.B % _flags.Length];
            _world.Write(
                entry,
                (step.C % 16) switch
                {
                    0 => 0,
                    1 => _world.Read(entry) ^ (1UL << (step.B % 10)),
                    2 => _world.Read(entry) & ~0xc0UL,
                    3 or 4 => (_tables[step.B % 8] >> 12 << 10) | 1 | (step.B >= 48 ? 0x20UL : 0),
                    5 => (MmuWorld.Device >> 2) | flags,
                    6 => (MmuWorld.Ram >> 2) | flags,
                    7 => ((MmuWorld.Ram + 0x20_0000) >> 2) | flags,
                    8 => ((MmuWorld.Ram + 0x80_0000) >> 2) | flags,
                    9 => (MmuWorld.Ram >> 2) | flags | (1UL << 54),
                    _ => ((MmuWorld.Ram + 0x1_0000 + ((ulong)(step.C % 4) * 0x1000)) >> 2) | flags,
                });
        }

        private void Access(ulong va, AccessKind access)
        {
            var bare = _world.Satp >> 60 == 0;
            var before = bare ? default : SpecWalk.Run(_world.TryRead, _world.Satp, va, access, _world.Privilege);
            var result = _world.Access(va, access);
            _history.Update();
            if (bare)
            {
                var inRam = va - MmuWorld.Ram < _world.Memory.Length;
                var physical = va < 0x0100_0000_0000_0000;
                Assert.That(result, Is.EqualTo(!physical ? new WalkResult(FaultResolution.GuestAccessFault, 0)
                    : new WalkResult(inRam ? FaultResolution.Mapped : FaultResolution.NotMemory, va)));
                return;
            }

            var isFresh = result.Outcome == before.Outcome && result.Address == before.Address;
            if (result.Outcome == FaultResolution.Mapped || (result.Outcome == FaultResolution.NotMemory && !Fresh(before, result)))
            {
                Explain(va, access, result.Address & ~0xfffUL, $"{access} reached");
            }
            else if (result.Outcome == FaultResolution.WindowCollision)
            {
                Assert.That(!_world.IsNative && _world.Translation.Mode == TranslationMode.Sv39 && ((va >> 30) & 511) == MmuWorld.NarrowSlot, $"a collision at {va:x}");
            }
            else if (!Fresh(before, result) && !isFresh)
            {
                Assert.Fail($"{access} at {va:x} gave {result}, the guest's tables {before}");
            }
        }

        // Mapped by the guest's tables to what is not RAM is no memory.
        private static bool Fresh(WalkResult before, WalkResult result) =>
            result.Outcome == FaultResolution.NotMemory
                ? before.Outcome == FaultResolution.Mapped && before.Address == result.Address
                : before.Outcome == result.Outcome;

        private void Explain(ulong va, AccessKind access, ulong guestPage, string what)
        {
            var known = _world.Satp >> 60 == 0
                ? guestPage == (va & ~0xfffUL)
                : _history.MayReach(_world.Satp, va, access, _world.Privilege, guestPage);
            Assert.That(known, $"{what} {va:x} for {access} as {_world.Privilege} to {guestPage:x}, which no state since the last fence allows");
        }
    }
}
