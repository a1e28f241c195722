#!/usr/bin/env bash
# Puts the newest firmware that Debian serves, pinned in firmware.lock, into artifacts/firmware, each with its version beside it: OpenSBI, for the tests (opensbi.bin),
# and U-Boot for the HiFive Unleashed: its first stage and its tree of the board, for make fit and make sdcard (u-boot-spl.bin, unleashed.dtb), and what that
# stage loads, for the tests (u-boot.itb).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages=$("$here/fetch.sh" --firmware)
folder=$top/artifacts/firmware
mkdir -p "$folder"
exec 8>"$folder/.lock"
flock 8
trap 'rm -f "$folder"/*.new' EXIT

# unpack FILE PATH NAME: one file of a package, under a name of its own.
unpack() {
    dpkg-deb --fsys-tarfile "$1" | tar -x -O "$2" >"$folder/$3.new"
    [ -s "$folder/$3.new" ] || die "$(basename "$2") is not in the package"
}

opensbi() {
    unpack "$1" ./usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin opensbi.bin
    mv "$folder/opensbi.bin.new" "$folder/opensbi.bin"
}

u-boot-sifive() {
    unpack "$1" ./usr/lib/u-boot/sifive_unleashed/u-boot-spl.bin u-boot-spl.bin
    unpack "$1" ./usr/lib/u-boot/sifive_unleashed/u-boot.itb u-boot.itb
    # The third image of it, after U-Boot itself and its OpenSBI.
    dumpimage -T flat_dt -p 2 -o "$folder/unleashed.dtb.new" "$folder/u-boot.itb.new" >/dev/null
    case $(fdtget "$folder/unleashed.dtb.new" / compatible) in
        *sifive,hifive-unleashed-a00*) ;;
        *) die "U-Boot's tree is not of the HiFive Unleashed" ;;
    esac
    mv "$folder/u-boot-spl.bin.new" "$folder/u-boot-spl.bin"
    mv "$folder/u-boot.itb.new" "$folder/u-boot.itb"
    mv "$folder/unleashed.dtb.new" "$folder/unleashed.dtb"
}

while read -r _ name version file; do
    if [ "$(cat "$folder/$name.version" 2>/dev/null)" = "$version" ]; then continue; fi
    # The version is renamed last: it is what says that the firmware is there, and which.
    rm -f "$folder/$name.version"
    "$name" "$file"
    printf '%s\n' "$version" >"$folder/$name.version.new"
    mv "$folder/$name.version.new" "$folder/$name.version"
    say "$name $version is in ${folder#"$top/"}"
done <<<"$packages"
