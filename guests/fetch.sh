#!/usr/bin/env bash
# Puts every package of packages.list into the download cache and prints, per package: USE NAME VERSION FILE.
# packages.lock pins each by version and SHA256, and a file with another sum is never used. A pinned version that has left the
# mirror (point releases do that) is replaced by the newest one, with a warning.
#   guests/fetch.sh          fetch
#   guests/fetch.sh --lock   pin the newest versions of the mirror in packages.lock
# With --firmware before that: the same for firmware.list and firmware.lock, which are the tests', of Debian's newest suite.
# With --debian before that: debian.list and debian.lock, a whole distribution with all that its packages depend on.
# With --stress before that: the same for stress.list and stress.lock, which make stress puts into a running guest of the pinned suite.
# With --compile before that: the same for compile.list and compile.lock, the compiler that make ratios puts into a running guest.
# With SUITE=forky or sid: the same packages of that suite, and the libraries that they depend on, pinned in forky.lock or sid.lock.
# Of those suites, which move every day, and of a distribution, packages of two days may not fit together: where one of them has left the mirror, all are replaced by the
# newest of the index, which must be signed. What that was is remembered in the cache, so that the next time is the same.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

list=$here/packages.list
option=
whole= # the use of packages that others bring along, where all packages are taken as one
whole_by=
if [ "$suite" != "$pinned_suite" ]; then whole=root whole_by="SUITE=$suite "; fi
if [ "${1:-}" = --firmware ]; then
    list=$here/firmware.list lock=$here/firmware.lock suite=sid option=' --firmware' whole= whole_by=
    shift
fi
if [ "${1:-}" = --debian ]; then
    list=$here/debian.list lock=$here/debian.lock suite=$pinned_suite option=' --debian' whole=distribution whole_by=
    shift
fi
if [ "${1:-}" = --stress ]; then
    list=$here/stress.list lock=$here/stress.lock suite=$pinned_suite option=' --stress' whole= whole_by=
    shift
fi
if [ "${1:-}" = --compile ]; then
    list=$here/compile.list lock=$here/compile.lock suite=$pinned_suite option=' --compile' whole= whole_by=
    shift
fi
source "$here/index.sh"

mkdir -p "$cache/debs"
exec 9>"$cache/lock"
flock 9

wanted() { grep -vE '^ *(#|$)' "$list"; }

# What the lock pins, of the newest index: "name package version path sha256 size".
resolve() {
    load_index "$(mirror)"
    local name package found others
    declare -A name_of=()
    while read -r name _; do
        found=$(packages_of "$name")
        for package in $found; do name_of[$package]=${name_of[$package]:-$name}; done
    done < <(wanted)
    if [ -n "$whole" ]; then
        if [ "$whole" = root ]; then others=$(libraries_of "${!name_of[@]}"); else others=$(everything_of "${!name_of[*]}"); fi
        for package in $others; do name_of[$package]=${name_of[$package]:-$package}; done
    fi
    newest "${!name_of[@]}" >"$cache/newest"
    for package in "${!name_of[@]}"; do
        grep -q "^$package " "$cache/newest" || die "the mirror has no package $package"
    done
    while read -r package line; do printf '%s %s %s\n' "${name_of[$package]}" "$package" "$line"; done <"$cache/newest"
}

write_lock() {
    printf '# Pinned by %sguests/fetch.sh%s --lock: name in %s, package, version, path on the mirror, SHA256, size.\n' "$whole_by" "$option" "${list##*/}" >"$1.new"
    resolve >>"$1.new"
    mv "$1.new" "$1"
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

# take LOCK: prints what the packages of a lock are used for and where they are. Status 1: one cannot be had.
# Small ones are got first: where one has left the mirror, the kernel is not downloaded for nothing.
take() {
    local name package version path sum size use status
    while read -r name package version path sum size; do
        status=0
        obtain "$path" "$sum" "$size" >/dev/null || status=$?
        [ "$status" -lt 2 ] || exit "$status"
        [ "$status" = 0 ] || return 1
    done < <(grep -v '^#' "$1" | sort -n -k6,6)
    taken=$(grep -v '^#' "$1" | while read -r name package version path sum size; do
        use=$(wanted | awk -v want="$name" '$1 == want { print $2 }')
        printf '%s %s %s %s\n' "${use:-$whole}" "$package" "$version" "$cache/debs/$sum.deb"
    done)
}

if [ "${1:-}" = --lock ]; then
    write_lock "$lock"
    say "${lock##*/} pins $(grep -vc '^#' "$lock") packages"
    exit
fi
[ -f "$lock" ] || die "${lock##*/} is missing: make it with guests/fetch.sh$option --lock"
repository=

if [ -n "$whole" ]; then
    newer=$cache/newer/$(sum_of "$lock").lock
    if [ -f "$newer" ] || ! take "$lock"; then
        mkdir -p "${newer%/*}"
        if [ ! -f "$newer" ] || ! take "$newer"; then
            write_lock "$newer"
            take "$newer" || die "cannot download the newest packages of $suite"
        fi
        warn "of the packages that ${lock##*/} pins some are not on the mirror any more: using what was newest in its signed index on $(date -r "$newer" +%F) instead.
guest:          Check it and pin the newest with ${whole_by}guests/fetch.sh$option --lock."
    fi
    printf '%s\n' "$taken"
    exit
fi

wanted | while read -r name use; do
    read -r _ package version path sum size < <(grep -m1 "^$name " "$lock") || die "${lock##*/} does not pin $name: run guests/fetch.sh$option --lock"
    status=0
    file=$(obtain "$path" "$sum" "$size") || status=$?
    [ "$status" -lt 2 ] || exit "$status"
    if [ "$status" = 1 ]; then
        repository=${repository:-$(mirror)}
        load_index "$repository"
        read -r package newer path sum size < <(newest "$(packages_of "$name")") || die "the mirror has no package $name"
        warn "$name $version, pinned in ${lock##*/}, is not on the mirror any more: using $package $newer from its $index_trust index instead.
guest:          Check it and pin it with guests/fetch.sh$option --lock."
        version=$newer
        file=$(obtain "$path" "$sum" "$size") || die "cannot download $package"
    fi
    printf '%s %s %s %s\n' "$use" "$package" "$version" "$file"
done
