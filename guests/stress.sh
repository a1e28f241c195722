#!/usr/bin/env bash
# Makes artifacts/stress/stress.tar.gz for make stress and its tests: Debian's stress-ng with its libraries, as one folder to unpack in a running guest
# and start by its script run. Pinned in stress.lock; the guest itself has none of it.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages=$("$here/fetch.sh" --stress)
folder=$top/artifacts/stress
mkdir -p "$folder"
exec 8>"$folder/.lock"
flock 8
{ printf '%s\n' "$packages"; sum_of "$here/stress.sh"; } >"$folder/inputs.new"
if cmp -s "$folder/inputs" "$folder/inputs.new" && [ -s "$folder/stress.tar.gz" ]; then
    rm "$folder/inputs.new"
    exit 0
fi

rm -rf "$folder"/work.* "$folder/inputs"
work=$(mktemp -d "$folder/work.XXXXXX")
trap 'rm -rf "$work" "$folder"/*.new' EXIT
mkdir -p "$work/all" "$work/stress/lib"
while read -r use name _ file; do
    [ "$use" = root ] || die "stress.list: $name has the unknown use $use"
    dpkg-deb -x "$file" "$work/all"
done <<<"$packages"

# What the program needs of them, and what that needs; the rest is the guest's own, of which packages.list says what there is.
mv "$work/all/usr/bin/stress-ng" "$work/stress/stress-ng"
declare -A taken=()
take() {
    local library file
    for library in $(riscv64-linux-gnu-readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
        [ -z "${taken[$library]:-}" ] || continue
        taken[$library]=1
        file=$work/all/usr/lib/riscv64-linux-gnu/$library
        if [ -e "$file" ]; then
            cp -L "$file" "$work/stress/lib/$library"
            take "$file"
        else
            printf '%s\n' "$library" >>"$work/outside"
        fi
    done
}
take "$work/stress/stress-ng"
# In the guest each of these is there, or this ends before anything is booted.
while read -r library; do
    case $library in
        libc.so.6 | libm.so.6 | ld-linux-riscv64-lp64d.so.1 | libcrypt.so.1 | libgcc_s.so.1 | libgmp.so.10 | libz.so.1) ;;
        *) die "no package of stress.list brings $library, which stress-ng needs" ;;
    esac
done <"$work/outside"
printf '#!/bin/sh\n# By LD_LIBRARY_PATH, so that what stress-ng starts of itself finds its libraries too.\ndir=${0%%/*}\nLD_LIBRARY_PATH=$dir/lib exec "$dir/stress-ng" "$@"\n' >"$work/stress/run"
chmod 755 "$work/stress/run" "$work/stress/stress-ng"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1767225600 -c stress | gzip -9n >"$folder/stress.tar.gz.new"
for file in stress.tar.gz inputs; do mv "$folder/$file.new" "$folder/$file"; done
say "stress-ng $(printf '%s\n' "$packages" | awk '$2 == "stress-ng" { print $3 }') with ${#taken[@]} libraries, $(du -k "$folder/stress.tar.gz" | cut -f1) KiB, in ${folder#"$top/"}"
