"""Commands for gdb-multiarch, loaded by `make gdb`:

rvirt attach [HOST:PORT]  connect to the stub, go on until the hypervisor runs in its window, or in M-mode, and read its symbols there
info vcpu                 what the guest on each hart is doing: its registers, its CSRs, its traps by cause
"""

import os
import struct

import gdb

# The top of the working copy that this file is in.
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Where the window lies in each mode of satp (Rvirt.Boot/Assembly/Window.S).
WINDOWS = {8: 0xFFFFFFC000000000, 9: 0xFFFF800000000000, 10: 0xFF00000000000000}
MODES = {0: "U", 1: "S"}
# What mtvec holds where guests are resident (Rvirt.Boot/Assembly/MachineVectors.S).
RESIDENT_VECTORS = ["rvirt_trap_vector_of_machine", "rvirt_trace_vector_of_machine", "rvirt_host_trap_vector_of_machine"]
NAMES = "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6".split()
CSRS = "sstatus sie sip stvec sscratch sepc scause stval satp scounteren".split()
# In the order of Rvirt.Core/VirtualHart/TrapCounters.cs.
COUNTERS = "emulated sbi-calls page-faults mmio exceptions interrupts host-interrupts timers-set".split()


def register(name):
    return int(gdb.parse_and_eval("$" + name)) & (2**64 - 1)


def symbols():
    # From the list beside the image: an expression would be looked up in the method where the hart stands.
    with open(os.path.splitext(gdb.current_progspace().filename)[0] + ".sym", encoding="ascii") as lines:
        return {line.split()[1]: int(line.split()[0], 16) for line in lines}


def offset(name):
    return symbols()["rvirt_offset_" + name]


def is_resident():
    """Whether the hypervisor runs in M-mode, below resident guests: their traps to M-mode go to its vectors."""
    vectors = symbols()
    return register("mtvec") in [vectors[name] for name in RESIDENT_VECTORS if name in vectors]


def window():
    """Where the hypervisor runs, above where it was linked; None before that is decided."""
    return 0 if is_resident() else WINDOWS.get(register("satp") >> 60)


class Physical:
    """While it is entered, addresses are physical: a hart in U-mode would not let the debugger see the hypervisor."""

    def __enter__(self):
        gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
        return self

    def __exit__(self, *_):
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)

    @staticmethod
    def words(address, count):
        return struct.unpack(f"<{count}Q", gdb.selected_inferior().read_memory(address, 8 * count).tobytes())


def quoted(path):
    """A path as one word of a command of gdb's."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Rvirt(gdb.Command):
    """Commands for the Rvirt hypervisor."""

    def __init__(self):
        super().__init__("rvirt", gdb.COMMAND_RUNNING, prefix=True)


class Attach(gdb.Command):
    """rvirt attach [HOST:PORT]: connect to the stub and read the hypervisor's symbols where it runs."""

    def __init__(self):
        super().__init__("rvirt attach", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        image = gdb.current_progspace().filename
        gdb.execute("set confirm off")
        # Images call the top of the working copy /_, wherever it lies.
        gdb.execute(f"set substitute-path /_ {quoted(TOP)}")
        # gdb takes what comes later for the answer to its next question, and an emulator on a busy host is late.
        gdb.execute("set remotetimeout 600")
        gdb.execute("target remote " + (argument or "127.0.0.1:1234"), to_string=True)
        base = window()
        if base is None:
            base = self.follow_into_window()
        gdb.execute(f'symbol-file -o {base:#x} {quoted(image)}', to_string=True)
        print(f"rvirt: the hypervisor runs {base:#x} above where it was linked")

    @staticmethod
    def follow_into_window():
        # In its window rvirt_main has another address.
        ways = [gdb.Breakpoint(f"*{symbols()[name]:#x}", gdb.BP_HARDWARE_BREAKPOINT, internal=True) for name in ["rvirt_enter_window", "rvirt_main"]]
        gdb.execute("continue", to_string=True)
        for way in ways:
            way.delete()
        if is_resident():
            return 0
        back = register("ra")
        stops = [gdb.Breakpoint(f"*{back + base:#x}", gdb.BP_HARDWARE_BREAKPOINT, internal=True) for base in WINDOWS.values()]
        gdb.execute("continue", to_string=True)
        for stop in stops:
            stop.delete()
        return register("pc") - back


class InfoVcpu(gdb.Command):
    """info vcpu: registers, CSRs and traps by cause of the guest that each hart runs."""

    def __init__(self):
        super().__init__("info vcpu", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        chosen = gdb.selected_thread()
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda each: each.num):
            thread.switch()
            self.show(thread.num - 1)
        chosen.switch()

    @staticmethod
    def show(hart):
        base = window()
        if base is None:
            print(f"hart {hart}: not in the hypervisor yet")
            return
        if is_resident():
            print(f"hart {hart}: its guest is resident, so that the hart itself has the guest's CSRs: info registers shows them, the monitor's regs the rest")
            return
        # While a guest runs sscratch names its virtual hart; else the lowest word of the hypervisor's stack does.
        vcpu = register("sscratch")
        inside = vcpu != 0
        with Physical() as memory:
            if not inside:
                stack = (register("sp") - base) & ~(offset("stack_size") - 1) & (2**64 - 1)
                vcpu = memory.words(stack, 1)[0]
                if vcpu == 0:
                    print(f"hart {hart}: starting up, no guest yet")
                    return
            place = vcpu - base
            words = {name: memory.words(place + offset(name), 1)[0] for name in ["pc", *CSRS]}
            mode = memory.words(place + offset("mode"), 1)[0] & 0xFF
            general = memory.words(place + offset("x"), 32)
            counters = memory.words(place + offset("counters"), len(COUNTERS))
        if inside:
            words["pc"] = register("pc")
            general = [register(name) for name in NAMES]
        print(f"hart {hart}: {'in the guest' if inside else 'in the hypervisor'}, guest mode {MODES.get(mode, '?')}, pc {words['pc']:#x}")
        print("  " + "  ".join(f"{name} {words[name]:#x}" for name in CSRS))
        for first in range(0, 32, 8):
            print("  " + "  ".join(f"{NAMES[n]} {general[n]:#x}" for n in range(first, first + 8)))
        print("  traps: " + "  ".join(f"{name} {count}" for name, count in zip(COUNTERS, counters)))


Rvirt()
Attach()
InfoVcpu()
