#!/usr/bin/env bash
# Installs the Debian packages that building, running and testing need and this machine lacks. The one list of them.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

needed=(
    clang-19 lld-19 llvm-19                 # Rvirt.Aot's back end
    binutils-riscv64-linux-gnu              # decoder corpora, objdump
    qemu-system-misc qemu-user              # machines and programs for riscv64
    u-boot-qemu opensbi u-boot-tools        # a guest payload; firmware; what U-Boot loads
    gdb-multiarch                           # make qemu-gdb
    device-tree-compiler                    # guest blobs
    e2fsprogs cpio xz-utils kmod fakeroot openssl  # guest disk and initramfs
    fdisk                                   # partitions of a card
    debian-archive-keyring ca-certificates  # package signatures
    gpg                                     # signs what tests offer
    openssh-client                          # make ssh, system tests
)

missing=()
for package in "${needed[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

say "installing ${missing[*]}"
if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    die "these packages need root rights to install: apt-get install ${missing[*]}"
fi
mkdir -p "$out"
log=$out/setup.log
if ! { as_root apt-get -q update && as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"; } 2>&1 | follow "$log"; then
    tail -n 20 "$log" >&2
    die "apt-get could not install them"
fi
