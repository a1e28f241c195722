#!/usr/bin/env bash
# Puts the device trees of boards that come with the guest's kernel into artifacts/trees, for tests of boards that are not here. They are of the package that packages.lock pins.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages=$("$here/fetch.sh")
folder=$top/artifacts/trees
mkdir -p "$folder"
exec 8>"$folder/.lock"
flock 8
read -r _ name version file < <(grep '^kernel ' <<<"$packages")
if [ "$(cat "$folder/version" 2>/dev/null)" = "$name $version" ]; then exit 0; fi

rm -rf "$folder"/work.* "$folder/version"
work=$(mktemp -d "$folder/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
dpkg-deb --fsys-tarfile "$file" | tar -x -C "$work" --wildcards '*.dtb'
find "$work" -name '*.dtb' -exec mv -t "$folder" {} +
[ -s "$folder/mpfs-icicle-kit.dtb" ] || die "$name has no tree of the PolarFire Icicle Kit"
printf '%s\n' "$name $version" >"$work/version"
mv "$work/version" "$folder/version"
say "$(find "$folder" -name '*.dtb' | wc -l) trees of boards are in ${folder#"$top/"}"
