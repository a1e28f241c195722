#!/usr/bin/env python3
"""Writes the instruction corpus next to this file: what binutils makes of a fixed set of words.

instructions.txt   one 32-bit word per line and its disassembly without aliases ("-": not an instruction of RV64IMAFDC)
compressed.txt     the halfwords that are no instruction, all others being one, as ranges "first last" in steps of 4
expansions.txt     a sample of halfwords and their disassembly
Needs binutils-riscv64-linux-gnu. The set of words does not change between runs.
"""
import os, random, re, subprocess, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PREFIX = "riscv64-linux-gnu-"


def disassemble(lines):
    """The text of each unit of a section made of the given data directives."""
    with tempfile.TemporaryDirectory() as folder:
        source, binary = folder + "/a.s", folder + "/a.o"
        open(source, "w").write("\n".join(lines) + "\n")
        subprocess.run([PREFIX + "as", "-march=rv64imafdc_zicsr_zifencei", source, "-o", binary], check=True)
        # Without the data mapping symbols objdump takes the bytes for code.
        subprocess.run([PREFIX + "strip", "--strip-all", binary], check=True)
        text = subprocess.run([PREFIX + "objdump", "-D", "-j", ".text", "-z", "-M", "no-aliases,numeric", binary],
                              check=True, capture_output=True, text=True).stdout
    result = {}
    for line in text.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\s+([0-9a-f]+)\s+(.*)", line)
        if match:
            body = re.sub(r"\s*(<.*>|#.*)", "", match.group(3)).strip().replace("\t", " ")
            result[int(match.group(1), 16)] = (match.group(2), body)
    return result


def relative(body, address):
    """Branch targets as distances."""
    match = re.match(r"((?:beq|bne|blt|bge|bltu|bgeu|jal|c\.beqz|c\.bnez) .*,|c\.j )(?:0x)?([0-9a-f]+)$", body)
    if not match:
        return body
    target = int(match.group(2), 16) - address
    target = (target + (1 << 63)) % (1 << 64) - (1 << 63)
    return match.group(1) + "%+d" % target


def words():
    random.seed(20240411)
    table = open(HERE + "/../Instructions/InstructionTable.cs").read()
    chosen = []
    for mask, match in re.findall(r"Op\.\w+, 0x([0-9a-f]{8}), 0x([0-9a-f]{8})", table):
        mask, match = int(mask, 16), int(match, 16)
        for _ in range(12):
            chosen.append(match | (random.getrandbits(32) & ~mask))
    opcodes = sorted({w & 0x7f for w in chosen})
    for opcode in opcodes:
        for _ in range(120):
            chosen.append((random.getrandbits(32) & ~0x7f) | opcode)
    for _ in range(300):
        chosen.append(random.getrandbits(32) & 0xfff07f80 | 0x73)
    for opcode in range(3, 128, 4):
        for _ in range(6):
            if opcode & 0x1c != 0x1c:
                chosen.append((random.getrandbits(32) & ~0x7f) | opcode)
    return list(dict.fromkeys(chosen))


def main():
    chosen = words()
    # Each word lies at a multiple of 16 with c.nop around it, so that a wrong length shows and does not spread.
    listing = disassemble(sum(([".4byte 0x%08x" % w] + [".2byte 1"] * 6 for w in chosen), []))
    with open(HERE + "/instructions.txt", "w") as out:
        for i, word in enumerate(chosen):
            raw, body = listing[16 * i]
            if body.startswith(".") or len(raw) != 8:
                body = "-"
            body = relative(body, 16 * i)
            out.write("%08x %s\n" % (word, body))
    halves = [h for h in range(65536) if h & 3 != 3]
    listing = disassemble(sum(([".2byte 0x%04x" % h, ".2byte 1"] for h in halves), []))
    valid = {}
    for i, half in enumerate(halves):
        raw, body = listing[4 * i]
        valid[half] = not (body.startswith(".") or body == "c.unimp")
    with open(HERE + "/compressed.txt", "w") as out:
        for quadrant in range(3):
            invalid = [h for h in halves if h & 3 == quadrant and not valid[h]]
            start = None
            for i, half in enumerate(invalid):
                start = half if start is None else start
                if i + 1 == len(invalid) or invalid[i + 1] != half + 4:
                    out.write("%04x %04x\n" % (start, half))
                    start = None
    random.seed(65536)
    with open(HERE + "/expansions.txt", "w") as out:
        for i, half in enumerate(halves):
            if valid[half] and random.randrange(20) == 0:
                out.write("%04x %s\n" % (half, relative(listing[4 * i][1], 4 * i)))


if __name__ == "__main__":
    main()
