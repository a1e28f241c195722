#!/usr/bin/env bash
# Builds the Linux guest into artifacts/guest, or artifacts/guest-SUITE where SUITE is not trixie, without root rights, mounts or chroots:
#   Image            Debian's kernel, as it is in its package
#   initrd           busybox, the modules of modules.list, an init that mounts the disk and goes there
#   disk.ext4        a sparse 512 MiB ext4 root: Debian userland, serial login, SSH server
#   id_ed25519       the key that logs in as root; known_hosts: the guest's own key; root-password: for the serial login
# Rebuilt only when the packages, the recipe or the keys changed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# mke2fs, cpio and tar record owners: everything belongs to root in the guest, whoever builds it.
if [ "$(id -u)" != 0 ] && [ -z "${FAKEROOTKEY:-}" ]; then exec fakeroot -- "$0" "$@"; fi

PATH=$PATH:/usr/sbin:/sbin
disk_size=512M
epoch=1767225600 # every file's time, so that equal inputs give equal bytes
uuid=52766972-7400-4000-8000-000000000001
export SOURCE_DATE_EPOCH=$epoch E2FSPROGS_FAKE_TIME=$epoch

mkdir -p "$out"
exec 8>"$out/.lock"
flock 8

# A build that was killed leaves these, and nothing else: all is made under other names, and renamed at the end.
rm -rf "$out"/work.* "$out"/*.new "$out"/*.new.pub

for tool in dpkg-deb qemu-riscv64 cpio mke2fs modinfo openssl ssh-keygen xz riscv64-linux-gnu-readelf; do
    command -v "$tool" >/dev/null || die "$tool is missing: run make setup"
done

packages=$("$here/fetch.sh")

make_secrets
{
    printf '%s\n' "$packages"
    # Names that say nothing of where the clone lies.
    (cd "$here" && find initramfs root modules.list build.sh -type f -printf '%p %m\n' -exec sha256sum {} + | sort)
    (cd "$secrets" && sha256sum id_ed25519.pub host_ed25519 root-password)
} >"$out/inputs.new"
if cmp -s "$out/inputs" "$out/inputs.new" && [ -s "$out/Image" ] && [ -s "$out/initrd" ] && [ -s "$out/disk.ext4" ]; then
    rm "$out/inputs.new"
    say "up to date in ${out#"$top/"}; root's password is $(cat "$secrets/root-password")"
    exit 0
fi

work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work" "$out"/*.new' EXIT
mkdir "$work"/{kernel,initrd,root}

say "unpacking packages"
while read -r use name _ file; do
    case $use in
        kernel)
            kernel_package=$name
            # All of it: which of its packages has what differs from suite to suite.
            dpkg-deb --fsys-tarfile "$file" | tar -x -C "$work/kernel" --exclude './usr/share/*' --exclude '*/dtb/*' ;;
        both)
            dpkg-deb -x "$file" "$work/root"
            dpkg-deb -x "$file" "$work/initrd" ;;
        root) dpkg-deb -x "$file" "$work/root" ;;
        *) die "packages.list: $name has the unknown use $use" ;;
    esac
done <<<"$packages"

# --- kernel -----------------------------------------------------------------------------------------------------------
version=${kernel_package#linux-*-}
image=$(find "$work/kernel" -name "vmlinu?-$version" -o -path "*/$version/vmlinu?")
[ -n "$image" ] || die "the packages of kernel $version hold no Image"
[ "$(dd if="$image" bs=1 skip=56 count=4 status=none | tr '\0' '.')" = $'RSC\005' ] ||
    die "$kernel_package holds no flat RISC-V Image"
cp "$image" "$out/Image.new"
chmod 644 "$out/Image.new"

# --- initramfs --------------------------------------------------------------------------------------------------------
say "building the initramfs"
tree=$work/kernel/usr/lib/modules/$version
find "$tree/kernel" -name "*.ko*" -printf "%f %P\n" |
    awk '{ sub(/\.ko.*/, "", $1); gsub(/-/, "_", $1); print }' >"$work/modules"
loaded=" "
# add NAME [BOARD]: what it depends on, then itself, once. A module that is built into the kernel needs nothing. ?NAME may be missing.
add() {
    local name=${1#\?} board=${2:-} file dependency
    name=${name//-/_}
    case $loaded in *" $name "*) return ;; esac
    file=$(awk -v want="$name" '$1 == want { print $2; exit }' "$work/modules")
    if [ -z "$file" ]; then
        [[ $1 == \?* ]] || tr '-' '_' <"$tree/modules.builtin" | grep "/$name\.ko" >/dev/null || die "the kernel has no module $name"
        return 0
    fi
    file=$tree/kernel/$file
    for dependency in $(modinfo -F depends "$file" | tr ',' ' '); do add "$dependency" "$board"; done
    loaded+="$name "
    printf '%s %s\n' "$name" "$board" >>"$work/initrd/lib/modules/order"
    if [[ $file == *.xz ]]; then xz -dc "$file"; else cat "$file"; fi >"$work/initrd/lib/modules/$name.ko"
}
mkdir -p "$work/initrd"/{bin,dev,etc,proc,sys,newroot,lib/modules}
rm -rf "$work/initrd/usr/share"
while read -r module board; do add "$module" "$board"; done < <(grep -v '^#' "$here/modules.list")
mv "$work/initrd/usr/bin/busybox" "$work/initrd/bin/busybox"
ln -s busybox "$work/initrd/bin/sh"
rm -rf "$work/initrd/usr"
install -m 755 "$here/initramfs/init" "$work/initrd/init"

# --- root disk --------------------------------------------------------------------------------------------------------
say "building the root disk"
root=$work/root
rm -rf "$root"/usr/share/{doc,man,locale,info,lintian,bug}
find "$root/usr/lib" -path '*/gconv/*' -delete
cp -r "$here/root/." "$root/"
mkdir -p "$root"/{dev,proc,sys,run,tmp,root/.ssh,var/log,etc/dropbear,usr/sbin}
chmod 1777 "$root/tmp"
chmod 700 "$root/root" "$root/root/.ssh"
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
cp "$root/usr/share/base-files/profile" "$root/etc/profile"
cp "$root/usr/share/libc-bin/nsswitch.conf" "$root/etc/nsswitch.conf"
sed -i 's!^root:.*!root:x:0:0:root:/root:/bin/bash!' "$root/etc/passwd"
hash=$(openssl passwd -6 -salt "$(sha256sum "$secrets/root-password" | cut -c1-16)" -in "$secrets/root-password")
awk -F: -v hash="$hash" '{ printf "%s:%s:20000:0:99999:7:::\n", $1, ($1 == "root" ? hash : "*") }' "$root/etc/passwd" >"$root/etc/shadow"
chmod 640 "$root/etc/shadow"
printf 'rvirt\n' >"$root/etc/hostname"
printf '127.0.0.1 localhost rvirt\n::1 localhost\n' >"$root/etc/hosts"
install -m 600 "$secrets/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
cp "$root/usr/share/base-files/dot.bashrc" "$root/root/.bashrc"
cp "$root/usr/share/base-files/dot.profile" "$root/root/.profile"
"$here/hostkey.sh" "$secrets/host_ed25519" >"$root/etc/dropbear/dropbear_ed25519_host_key"
chmod 600 "$root/etc/dropbear/dropbear_ed25519_host_key"
# busybox is every command no package brought; awk and sh are Debian alternatives, set up by scripts that do not run here.
[ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
while read -r applet; do
    base=${applet##*/}
    [ -e "$root/usr/bin/$base" ] || [ -L "$root/usr/bin/$base" ] || [ -e "$root/usr/sbin/$base" ] || [ -L "$root/usr/sbin/$base" ] ||
        ln -s /usr/bin/busybox "$root/usr/bin/$base"
done < <(qemu-riscv64 "$root/usr/bin/busybox" --list)
ln -sf /usr/bin/busybox "$root/usr/sbin/init"
chmod 755 "$root"/etc/init.d/* "$root"/usr/share/udhcpc/* "$root"/usr/local/sbin/*
printf '%s\n' "$packages" | awk '{ print $2, $3 }' >"$root/etc/rvirt-packages"

# It would keep users in step with Debian's, by libraries of which nothing else has a use.
rm "$root/usr/sbin/update-passwd"
# A newer suite may need a library that no package of the list brings: better said here than found out by a guest that does not boot.
{ find "$root/usr" -type f -exec riscv64-linux-gnu-readelf -d {} + 2>/dev/null || true; } | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' | sort -u >"$work/needed"
while read -r library; do
    [ -e "$root/usr/lib/riscv64-linux-gnu/$library" ] || die "no package of packages.list brings $library, which some of them need"
done <"$work/needed"

find "$root" "$work/initrd" -exec touch -h -d "@$epoch" {} +
mke2fs -q -t ext4 -d "$root" -L rvirt-root -U "$uuid" -E "hash_seed=$uuid,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0" -m 0 "$out/disk.ext4.new" "$disk_size" >/dev/null
(cd "$work/initrd" && find . -print0 | sort -z | cpio -0 -o -H newc -R 0:0 --reproducible --quiet | gzip -9n) >"$out/initrd.new"
known_hosts >"$out/known_hosts.new"

# Until here the guest of the last build is whole. Without the list of its inputs the next build makes all anew.
rm -f "$out/inputs"
for file in Image initrd disk.ext4 known_hosts inputs; do mv "$out/$file.new" "$out/$file"; done
say "kernel $version, initramfs $(du -k "$out/initrd" | cut -f1) KiB, root $(du -sm "$root" | cut -f1) MiB on a $disk_size disk, in ${out#"$top/"}"
say "root's password is $(cat "$secrets/root-password"); the key is ${secrets#"$top/"}/id_ed25519"
