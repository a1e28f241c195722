#!/usr/bin/env bash
# Makes artifacts/release/rvirt-VERSION-linux-ARCH.tar.gz: the images, the tool with a .NET runtime of its own, the Debian guest, checksums and notes.
# What it is made of is there already. The same parts give the same bytes.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

say() { printf 'release: %s\n' "$*" >&2; }
die() { printf 'release: error: %s\n' "$*" >&2; exit 1; }

case $(uname -m) in
    x86_64) host=x64 ;;
    aarch64) host=arm64 ;;
    *) die "no archive is made for $(uname -m)" ;;
esac
version=$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' "$top/Directory.Build.props")
name=rvirt-$version-linux-$host
into=$top/artifacts/release
tool=$top/Rvirt.Tool/bin/Release/net10.0
sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
runtime=$(dotnet --list-runtimes | awk '$1 == "Microsoft.NETCore.App" && $2 ~ /^10\.0\./ { print $2 }' | sort -V | tail -n 1)
[ -n "$runtime" ] || die "dotnet --list-runtimes names no Microsoft.NETCore.App 10.0"

mkdir -p "$into"
exec 8>"$into/.lock"
flock 8
work=$(mktemp -d "$into/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
all=$work/$name

say "putting $name together"
mkdir -p "$all"/{tool,artifacts/images,artifacts/guest,runtime/host/fxr,runtime/shared/Microsoft.NETCore.App}
cp "$top"/artifacts/images/rvirt-*.elf "$top"/artifacts/images/rvirt-*.bin "$top"/artifacts/images/rvirt-*.sym "$all/artifacts/images/"
for file in Image initrd disk.ext4 id_ed25519 id_ed25519.pub known_hosts root-password; do
    cp --sparse=always "$out/$file" "$all/artifacts/guest/"
done
cp "$lock" "$all/artifacts/guest/"
cp "$tool"/*.dll "$tool"/*.json "$top/Rvirt.Tool/THIRD-PARTY.txt" "$all/tool/"
cp "$sdk/dotnet" "$all/runtime/"
cp -r "$sdk/host/fxr/$runtime" "$all/runtime/host/fxr/"
cp -r "$sdk/shared/Microsoft.NETCore.App/$runtime" "$all/runtime/shared/Microsoft.NETCore.App/"
for file in LICENSE.txt ThirdPartyNotices.txt; do
    [ ! -f "$sdk/$file" ] || cp "$sdk/$file" "$all/runtime/"
done
cp "$top/LICENSE" "$all/"

cat >"$all/rvirt" <<'END'
#!/bin/sh
# The command rvirt, with the runtime that lies beside it.
here=$(dirname "$(readlink -f "$0")")
exec env DOTNET_ROOT="$here/runtime" "$here/runtime/dotnet" "$here/tool/Rvirt.Tool.dll" "$@"
END
cat >"$all/NOTES.md" <<END
# Rvirt $version

    ./rvirt run                 Debian under Rvirt, on QEMU's virt board; Ctrl-A X ends QEMU
    ./rvirt run --guests 2      two of them
    ./rvirt run --help          all that can be set
    sha256sum -c SHA256SUMS     whether all of it is as it was made

Run it in this folder, where it finds images and guest, and keeps the guest's disk, in \`artifacts/run\`.
It needs qemu-system-riscv64 and dtc (Debian's qemu-system-misc and device-tree-compiler), setpriv (util-linux), glibc and libstdc++: neither .NET nor a compiler.
\`artifacts/guest/root-password\` is the password at the login; for SSH there is a key beside it, and \`./rvirt run\` says the command.
Whoever has this archive has that key and that password: the guest listens on 127.0.0.1 only.
The guest is made of the packages of Debian that \`artifacts/guest/packages.lock\` names; Debian has their licences and their source.

Images for boards are in \`artifacts/images\`: \`-sbi\` above SBI firmware, the others in the firmware's place.
Made of commit $(git -C "$top" rev-parse HEAD 2>/dev/null || echo unknown), with .NET $runtime.
END
chmod -R u=rwX,go=rX "$all"
chmod 755 "$all/rvirt" "$all/runtime/dotnet"
chmod 600 "$all/artifacts/guest/id_ed25519"
(cd "$all" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)

say "packing it"
tar -C "$work" --sort=name --mtime=@1767225600 --owner=0 --group=0 --numeric-owner --format=gnu --sparse -cf - "$name" | gzip -n >"$work/archive"
rm -f "$into"/rvirt-*.tar.gz*
mv "$work/archive" "$into/$name.tar.gz"
(cd "$into" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
say "artifacts/release/$name.tar.gz, $(stat -c %s "$into/$name.tar.gz") bytes"
