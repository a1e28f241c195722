#!/usr/bin/env bash
# Boots guests on QEMU's virt board. Settings come from the environment; `make help` explains them:
#   FIRMWARE GUESTS KERNEL INITRD APPEND DISK MEMORY NATIVE SSH_PORT QEMU_EXTRA
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

firmware=${FIRMWARE:-stub} guests=${GUESTS:-1} native=${NATIVE:-0} memory=${MEMORY:-512M} port=${SSH_PORT:-10001}
images=$top/artifacts/images
run=$top/artifacts/run
mkdir -p "$run"

case $firmware in
    stub) image=$images/rvirt-qemu.elf bios=(-bios none) ;;
    sbi) image=$images/rvirt-qemu-sbi.elf bios=() ;;
    *) die "FIRMWARE is stub or sbi, not $firmware" ;;
esac
[[ $guests =~ ^[1-4]$ ]] || die "GUESTS is 1 to 4 (QEMU's virt board has eight virtio slots), not $guests"
mib() {
    case $1 in
        *[0-9]G) echo $((${1%G} * 1024)) ;;
        *[0-9]M) echo "${1%M}" ;;
        *) die "MEMORY is a size such as 512M or 2G, not $1" ;;
    esac
}
per_guest=$(mib "$memory")

own=0
if [ -n "${KERNEL:-}" ]; then own=1; fi
kernel=${KERNEL:-$out/Image}
if [ "$own" = 1 ]; then initrd=${INITRD:-}; else initrd=${INITRD:-$out/initrd}; fi
append=${APPEND-console=ttyS0}
for file in "$kernel" $initrd ${DISK:-}; do [ -r "$file" ] || die "cannot read $file"; done

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
for ((i = 0; i < guests; i++)); do
    if taken $((port + i)); then die "port $((port + i)) is in use, perhaps by guests that still run: end them, or set SSH_PORT"; fi
done

# Every guest has a disk of its own: the user's DISK (guest 0), or a copy of the built one that lasts until that is rebuilt.
disk_of() {
    if [ "$1" = 0 ] && [ -n "${DISK:-}" ]; then printf '%s\n' "$DISK"; return; fi
    [ -r "$out/disk.ext4" ] || return 0
    local copy=$run/disk$1.img
    if [ ! -f "$copy" ] || [ "$out/disk.ext4" -nt "$copy" ]; then
        say "copying the root disk for guest $1"
        cp --sparse=always --reflink=auto "$out/disk.ext4" "$copy"
    fi
    printf '%s\n' "$copy"
}

# The virtio slots are dealt from the top: disk, network and, where they suffice, entropy for guest 0, then for guest 1, ...
slot=7
devices=()
blob_arguments=()
for ((i = 0; i < guests; i++)); do
    slots=()
    if disk=$(disk_of "$i") && [ -n "$disk" ]; then
        devices+=(-drive "if=none,id=disk$i,format=raw,file=${disk//,/,,}" -device "virtio-blk-device,drive=disk$i,bus=virtio-mmio-bus.$slot")
        slots+=("$slot")
        slot=$((slot - 1))
    fi
    devices+=(-netdev "user,id=net$i,hostfwd=tcp:127.0.0.1:$((port + i))-:22" -device "virtio-net-device,netdev=net$i,bus=virtio-mmio-bus.$slot")
    slots+=("$slot")
    slot=$((slot - 1))
    if [ "$guests" -le 2 ]; then
        devices+=(-device "virtio-rng-device,bus=virtio-mmio-bus.$slot")
        slots+=("$slot")
        slot=$((slot - 1))
    fi
    joined=$(IFS=+ && echo "${slots[*]}")
    guest="name=guest$i,kernel=$kernel,memory=$memory,devices=$joined"
    if [ -n "$initrd" ]; then guest+=",initrd=$initrd"; fi
    guest+=",append=$append"
    if [ "$own" = 0 ]; then guest+=" rvirt.name=guest$i"; fi
    blob_arguments+=(--guest "$guest")
done

command=(qemu-system-riscv64 -M virt -nographic)
if [ "$native" = 1 ]; then
    [ "$guests" = 1 ] || die "NATIVE=1 runs one guest"
    command+=(-m "$memory" -smp 1 -kernel "$kernel" -append "$append")
    if [ -n "$initrd" ]; then command+=(-initrd "$initrd"); fi
else
    [ -r "$image" ] || die "${image#"$top/"} is missing: run make image"
    command+=("${bios[@]}" -m "$((per_guest * guests + 320))M" -smp "$guests" -kernel "$image")
    if [ "$guests" = 1 ] && [ -z "$initrd" ]; then
        command+=(-initrd "$kernel" -append "$append")
    else
        say "packing $guests guest(s) into ${run#"$top/"}/guests.dtb"
        dotnet run --project "$top/Rvirt.Tool" -c Release -v q -- blob -o "$run/guests.dtb" "${blob_arguments[@]}" >&2
        command+=(-initrd "$run/guests.dtb")
    fi
fi
command+=("${devices[@]}")
# shellcheck disable=SC2206
command+=(${QEMU_EXTRA:-})

for ((i = 0; i < guests; i++)); do
    say "guest $i answers: ssh -p $((port + i)) -i ${out#"$top/"}/id_ed25519 root@localhost   (or: make ssh GUEST=$i)"
done
if [ -r "$out/root-password" ] && [ "$own" = 0 ]; then say "root's password is $(cat "$out/root-password")"; fi
say "Ctrl-A X ends QEMU"
exec "${command[@]}"
