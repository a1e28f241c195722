# Shared by the scripts in this folder: messages, the download cache, the machine's own Debian mirror.
# shellcheck shell=bash
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
pinned_suite=trixie
suite=${SUITE:-$pinned_suite}
arch=riscv64
# The keys and the password are the same in every suite, so that make ssh finds its way into each.
secrets=${RVIRT_GUEST_OUT:-$top/artifacts/guest}
out=$secrets
lock=$here/packages.lock
if [ "$suite" != "$pinned_suite" ]; then
    out=${RVIRT_GUEST_OUT:-$top/artifacts/guest-$suite}
    lock=$here/$suite.lock
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rvirt

say() { printf 'guest: %s\n' "$*" >&2; }
warn() { printf '\nguest: WARNING: %s\n\n' "$*" >&2; }
die() { printf 'guest: error: %s\n' "$*" >&2; exit 1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# The repository this machine's apt is set up with (RVIRT_MIRROR overrides it), with a slash at the end.
mirror() {
    if [ -n "${RVIRT_MIRROR:-}" ]; then printf '%s/\n' "${RVIRT_MIRROR%/}"; return; fi
    local found
    found=$(own_repository Debian)
    if [ -z "$found" ]; then
        say "apt has no package lists yet: running apt-get update"
        as_root apt-get -qq update >&2
        found=$(own_repository Debian)
    fi
    [ -n "$found" ] || die "apt knows no Debian repository on this machine; set RVIRT_MIRROR to one that carries $suite for $arch"
    printf '%s\n' "$found"
}

# own_repository LABEL: where apt of this machine has a repository with that label.
own_repository() {
    apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk -v label="$1" '$1 == label && $2 == "main" { print $3; exit }'
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

# follow FILE OF: keeps what a program that installs packages says, and says how far it is.
follow() {
    local line unpacked=0 set=0
    while IFS= read -r line; do
        printf '%s\n' "${line%$'\r'}"
        case $line in
            'Unpacking '*) unpacked=$((unpacked + 1)) ;;
            'Setting up '*) set=$((set + 1)) ;;
            *) continue ;;
        esac
        [ $(((unpacked + set) % 50)) != 0 ] || say "$unpacked ${2:+of $2 }packages are unpacked, $set set up"
    done >"$1"
}

case $suite in
    trixie | forky | sid) ;;
    *) die "SUITE is trixie or forky or sid, not $suite" ;;
esac

sum_of() { sha256sum "$1" | cut -d' ' -f1; }

# Secrets are made once and kept, so that a rebuilt disk takes the same logins.
make_secrets() {
    if [ "$secrets" != "$out" ]; then
        mkdir -p "$secrets"
        exec 7>"$secrets/.lock"
        flock 7
    fi
    make_key id_ed25519 rvirt-guest
    make_key host_ed25519 rvirt-host
    if [ ! -f "$secrets/root-password" ]; then
        (umask 077 && openssl rand -base64 9 | tr '+/' 'xy' >"$secrets/root-password.new")
        mv "$secrets/root-password.new" "$secrets/root-password"
    fi
    if [ ! -f "$secrets/known_hosts" ]; then
        known_hosts >"$secrets/known_hosts.new"
        mv "$secrets/known_hosts.new" "$secrets/known_hosts"
    fi
    [ "$secrets" = "$out" ] || exec 7>&-
}

# A key's private half is renamed last: it is what says that the pair is there.
make_key() {
    [ ! -f "$secrets/$1" ] || return 0
    rm -f "$secrets/$1.new" "$secrets/$1.new.pub"
    ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$secrets/$1.new"
    mv "$secrets/$1.new.pub" "$secrets/$1.pub"
    mv "$secrets/$1.new" "$secrets/$1"
}

known_hosts() { printf 'rvirt-guest %s\n' "$(cut -d' ' -f1,2 "$secrets/host_ed25519.pub")"; }
