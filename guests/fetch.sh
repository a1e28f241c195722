#!/usr/bin/env bash
# Puts every package of packages.list into the download cache and prints, per package: USE NAME VERSION FILE.
# packages.lock pins each by version and SHA256, and a file with another sum is never used. A pinned version that has left the
# mirror (point releases do that) is replaced by the newest one, with a warning.
#   guests/fetch.sh          fetch
#   guests/fetch.sh --lock   pin the newest versions of the mirror in packages.lock
# With --firmware before that: the same for firmware.list and firmware.lock, which are the tests', of Debian's newest suite.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$here/index.sh"

list=$here/packages.list
option=
if [ "${1:-}" = --firmware ]; then
    list=$here/firmware.list lock=$here/firmware.lock suite=sid option=' --firmware'
    shift
fi

mkdir -p "$cache/debs"
exec 9>"$cache/lock"
flock 9

wanted() { grep -vE '^ *(#|$)' "$list"; }

write_lock() {
    load_index "$(mirror)"
    {
        printf '# Pinned by guests/fetch.sh%s --lock: name in %s, package, version, path on the mirror, SHA256, size.\n' "$option" "${list##*/}"
        wanted | while read -r name _; do printf '%s %s\n' "$name" "$(newest "$name")"; done
    } >"$lock.new"
    mv "$lock.new" "$lock"
    say "${lock##*/} pins $(grep -vc '^#' "$lock") packages ($index_trust index)"
}

# obtain PATH SHA256 SIZE: prints the cached file, downloading it when it is not there yet.
# Status 1: it cannot be downloaded. Status 2: what the mirror has is not what it should be, which nothing may gloss over.
obtain() {
    local path=$1 sum=$2 size=$3 file=$cache/debs/$2.deb
    if [ -f "$file" ]; then
        if [ "$(sum_of "$file")" = "$sum" ]; then printf '%s\n' "$file"; return; fi
        warn "$file is damaged: downloading it again"
        rm -f "$file"
    fi
    [ -n "${repository:=$(mirror)}" ]
    say "downloading ${path##*/} ($(((size + 1023) / 1024)) KiB)"
    download "$repository$path" "$file.part" || return 1
    if [ "$(sum_of "$file.part")" != "$sum" ]; then
        rm -f "$file.part"
        say "error: ${path##*/} from the mirror does not have the SHA256 sum it must have ($sum)"
        return 2
    fi
    mv "$file.part" "$file"
    printf '%s\n' "$file"
}

if [ "${1:-}" = --lock ]; then write_lock; exit; fi
[ -f "$lock" ] || die "${lock##*/} is missing: make it with guests/fetch.sh$option --lock"
repository=
wanted | while read -r name use; do
    read -r _ package version path sum size < <(grep -m1 "^$name " "$lock") || die "${lock##*/} does not pin $name: run guests/fetch.sh$option --lock"
    status=0
    file=$(obtain "$path" "$sum" "$size") || status=$?
    [ "$status" -lt 2 ] || exit "$status"
    if [ "$status" = 1 ]; then
        repository=${repository:-$(mirror)}
        load_index "$repository"
        read -r package newer path sum size < <(newest "$name")
        warn "$name $version, pinned in ${lock##*/}, is not on the mirror any more: using $package $newer from its $index_trust index instead.
guest:          Check it and pin it with guests/fetch.sh$option --lock."
        version=$newer
        file=$(obtain "$path" "$sum" "$size") || die "cannot download $package"
    fi
    printf '%s %s %s %s\n' "$use" "$package" "$version" "$file"
done
