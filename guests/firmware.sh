#!/usr/bin/env bash
# Puts the newest OpenSBI that Debian serves, pinned in firmware.lock, into artifacts/firmware for the tests: opensbi.bin, and its version in opensbi.version.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages=$("$here/fetch.sh" --firmware)
read -r _ _ version file <<<"$packages"
folder=$top/artifacts/firmware
mkdir -p "$folder"
exec 8>"$folder/.lock"
flock 8
if [ -s "$folder/opensbi.bin" ] && [ "$(cat "$folder/opensbi.version" 2>/dev/null)" = "$version" ]; then exit 0; fi

# The version is renamed last: it is what says that the firmware is there, and which.
rm -f "$folder/opensbi.version"
trap 'rm -f "$folder"/*.new' EXIT
dpkg-deb --fsys-tarfile "$file" | tar -x -O ./usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin >"$folder/opensbi.bin.new"
[ -s "$folder/opensbi.bin.new" ] || die "opensbi $version holds no fw_dynamic.bin for riscv64"
mv "$folder/opensbi.bin.new" "$folder/opensbi.bin"
printf '%s\n' "$version" >"$folder/opensbi.version.new"
mv "$folder/opensbi.version.new" "$folder/opensbi.version"
say "OpenSBI $version is in ${folder#"$top/"}"
