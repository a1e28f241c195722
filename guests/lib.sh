# Shared by the scripts in this folder: messages, the download cache, the machine's own Debian mirror.
# shellcheck shell=bash
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
suite=trixie
arch=riscv64
out=${RVIRT_GUEST_OUT:-$top/artifacts/guest}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rvirt
lock=$here/packages.lock

say() { printf 'guest: %s\n' "$*" >&2; }
warn() { printf '\nguest: WARNING: %s\n\n' "$*" >&2; }
die() { printf 'guest: error: %s\n' "$*" >&2; exit 1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# The repository this machine's apt is set up with (RVIRT_MIRROR overrides it), with a slash at the end.
mirror() {
    if [ -n "${RVIRT_MIRROR:-}" ]; then printf '%s/\n' "${RVIRT_MIRROR%/}"; return; fi
    local found
    found=$(own_repository)
    if [ -z "$found" ]; then
        say "apt has no package lists yet: running apt-get update"
        as_root apt-get -qq update >&2
        found=$(own_repository)
    fi
    [ -n "$found" ] || die "apt knows no Debian repository on this machine; set RVIRT_MIRROR to one that carries $suite for $arch"
    printf '%s\n' "$found"
}

own_repository() {
    apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk '$1 == "Debian" && $2 == "main" { print $3; exit }'
}

# download ADDRESS FILE: through apt's own downloader, so apt's proxy and credentials settings hold.
download() {
    rm -f "$2"
    if ! /usr/lib/apt/apt-helper -q -o APT::Sandbox::User=root -o Acquire::Retries=3 download-file "$1" "$2" >"$2.log" 2>&1; then
        sed 's/^/  /' "$2.log" >&2
        rm -f "$2" "$2.log"
        return 1
    fi
    rm -f "$2.log"
}

sum_of() { sha256sum "$1" | cut -d' ' -f1; }
