#!/usr/bin/env bash
# Builds a disk with a whole Debian, systemd and all, into artifacts/debian/disk.ext4: from packages that are checked, without root rights, mounts,
# chroots or binfmt. What this machine can do without running a riscv64 program it does; then the disk boots once, on QEMU and without Rvirt, and
# installs itself. Rebuilt only when the packages, the recipe, the keys or apt's settings changed.
export SUITE= # the pinned one: its kernel is the one that is booted
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

say() { printf 'debian: %s\n' "$*" >&2; }
die() { printf 'debian: error: %s\n' "$*" >&2; exit 1; }

if [ "$(id -u)" != 0 ] && [ -z "${FAKEROOTKEY:-}" ]; then exec fakeroot -- "$0" "$@"; fi

PATH=$PATH:/usr/sbin:/sbin
disk_size=4G
guest=$secrets
out=${RVIRT_DEBIAN_OUT:-$top/artifacts/debian}

mkdir -p "$out"
exec 8>"$out/.lock"
flock 8
rm -rf "$out"/work.* "$out"/*.new "$out/failed.ext4"

for tool in dpkg-deb mke2fs depmod openssl qemu-system-riscv64; do
    command -v "$tool" >/dev/null || die "$tool is missing: run make setup"
done
for part in Image initrd id_ed25519.pub host_ed25519 root-password; do
    [ -s "$guest/$part" ] || die "$part is missing: run make guest"
done

packages=$("$here/fetch.sh" --debian)
kernel=$("$here/fetch.sh" | grep '^kernel ')

# What apt in the guest is told is what this machine's is told: where packages are, by which proxy, and what to think of old indexes.
# A server on this machine is at QEMU's address for it. Passwords are in auth.conf, which stays here.
sources() {
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' "$(mirror)" "$suite$([ -n "${RVIRT_MIRROR:-}" ] || echo " $suite-updates")"
    local security
    security=$(own_repository Debian-Security)
    if [ -n "$security" ] && [ -z "${RVIRT_MIRROR:-}" ]; then
        printf '\nTypes: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' "$security" "$suite-security"
    fi
}
settings() { apt-config dump | grep -E '^Acquire::(([a-z]+::)?Proxy|Check-Valid-Until|Check-Date|Retries) "..*";$' || true; }
from_guest() { sed -E 's!//(localhost|127\.[0-9.]+|\[::1\])([:/])!//10.0.2.2\2!'; }
sources=$(sources | from_guest)
settings=$(settings | from_guest)

{
    printf '%s\n' "$packages" "$kernel" "$sources" "$settings" "$disk_size"
    (cd "$here" && find debian debian.sh -type f -printf '%p %m\n' -exec sha256sum {} + | sort)
    (cd "$guest" && sha256sum id_ed25519.pub host_ed25519 root-password)
} >"$out/inputs.new"
if cmp -s "$out/inputs" "$out/inputs.new" && [ -s "$out/disk.ext4" ]; then
    rm "$out/inputs.new"
    say "up to date in ${out#"$top/"}"
    exit 0
fi

work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work" "$out"/*.new' EXIT
root=$work/root
mkdir -p "$root"/{dev,proc,sys,run,tmp,rvirt/essential,rvirt/distribution,etc/ssh,etc/apt/sources.list.d,etc/apt/apt.conf.d,var/lib/dpkg}
chmod 1777 "$root/tmp"

say "unpacking packages"
count=0
while read -r use name _ file; do
    if [ "$use" = https ]; then
        [[ $sources == *https://* ]] || continue
        use=distribution
    fi
    cp "$file" "$root/rvirt/$use/$name.deb"
    count=$((count + 1))
    [ "$use" != essential ] || dpkg-deb -x "$file" "$root"
done <<<"$packages"
read -r _ name _ file <<<"$kernel"
dpkg-deb --fsys-tarfile "$file" | tar -x -C "$root" --wildcards './usr/lib/modules/*'
depmod -b "$root/usr" "${name#linux-image-}"

# What must be there before the first script runs; the scripts of these packages make the rest.
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
[ -e "$root/usr/bin/awk" ] || ln -s mawk "$root/usr/bin/awk"
: >"$root/var/lib/dpkg/status"
install -m 755 "$here/debian/first" "$root/rvirt/first"
install -m 644 "$here/debian/install" "$root/rvirt/install"
cp -r "$here/debian/root" "$root/rvirt/root"
chmod -R u=rwX,go=rX "$root/rvirt/root"
install -D -m 644 "$here/debian/root/etc/ssh/sshd_config.d/rvirt.conf" "$root/etc/ssh/sshd_config.d/rvirt.conf"
install -m 600 "$guest/host_ed25519" "$root/etc/ssh/ssh_host_ed25519_key"
install -m 644 "$guest/host_ed25519.pub" "$root/etc/ssh/ssh_host_ed25519_key.pub"
install -m 644 "$guest/id_ed25519.pub" "$root/rvirt/authorized_keys"
openssl passwd -6 -in "$guest/root-password" >"$root/rvirt/password"
chmod 600 "$root/rvirt/password"
printf '%s\n' "$sources" >"$root/etc/apt/sources.list.d/debian.sources"
printf '%s\n' "$settings" >"$root/etc/apt/apt.conf.d/90host"

say "making the disk"
mke2fs -q -t ext4 -d "$root" -L rvirt-debian -E lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0 -m 1 "$out/disk.ext4.new" "$disk_size" >/dev/null
rm -rf "$work"

say "installing $count packages on QEMU, once: this takes a quarter of an hour"
harts=$(nproc)
[ "$harts" -le 4 ] || harts=4
status=0
qemu-system-riscv64 -M virt -m 1G -smp "$harts" -nographic -no-reboot -kernel "$guest/Image" -initrd "$guest/initrd" -append "console=ttyS0 quiet panic=-1 init=/rvirt/first" \
    -drive "if=none,id=disk,format=raw,cache=unsafe,file=${out//,/,,}/disk.ext4.new" -device virtio-blk-device,drive=disk -device virtio-rng-device -nic none </dev/null 2>&1 |
    follow "$out/log" "$count" || status=$?
if [ "$status" != 0 ] || ! grep -q '^rvirt-debian: installed' "$out/log"; then
    tail -n 30 "$out/log" >&2
    mv "$out/disk.ext4.new" "$out/failed.ext4"
    die "Debian did not install itself; ${out#"$top/"}/log says more, and failed.ext4 beside it is how far it came"
fi
e2fsck -fn "$out/disk.ext4.new" >/dev/null 2>&1 || die "the disk is not clean after the installation"

rm -f "$out/inputs"
mv "$out/disk.ext4.new" "$out/disk.ext4"
mv "$out/inputs.new" "$out/inputs"
say "$count packages on a $disk_size disk, $(du -sm "$out/disk.ext4" | cut -f1) MiB of it used, in ${out#"$top/"}"
