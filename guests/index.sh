# The package index of the machine's mirror. Sourced after lib.sh.
# shellcheck shell=bash

index=
index_trust=
apt_conf=$cache/apt/apt.conf

# Sets $index to a decompressed Packages file and $index_trust to "signed" or "unsigned".
# The signed route: a private apt root checks InRelease against Debian's keyring, and the Packages file against InRelease.
# A mirror in the middle of a sync fails that check; then the bare Packages file serves, and the lock file is what protects us.
# RVIRT_KEYRING names the keyring of a mirror that signs with a key of its own.
load_index() {
    [ -z "$index" ] || return 0
    local repository=$1 root=$cache/apt keyring=${RVIRT_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
    rm -rf "$root"
    mkdir -p "$root"/etc/{sources,preferences,trusted} "$root"/lists/partial "$root"/archives/partial
    : >"$root/status"
    printf 'deb [arch=%s signed-by=%s] %s %s main\n' "$arch" "$keyring" "$repository" "$suite" >"$root/etc/sources.list"
    cat >"$apt_conf" <<CONF
Dir::State::Lists "$root/lists";
Dir::State::status "$root/status";
Dir::Cache "$root";
Dir::Etc::sourcelist "$root/etc/sources.list";
Dir::Etc::sourceparts "$root/etc/sources";
Dir::Etc::preferencesparts "$root/etc/preferences";
Dir::Etc::trustedparts "$root/etc/trusted";
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
CONF
    say "reading the $suite $arch package index"
    if APT_CONFIG=$apt_conf apt-get -q update >"$root/log" 2>&1 &&
        index=$(APT_CONFIG=$apt_conf apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages') && [ -s "$index" ]; then
        /usr/lib/apt/apt-helper cat-file "$index" >"$root/Packages"
        index=$root/Packages index_trust=signed
        return 0
    fi
    local why
    why=$(grep -m1 -E 'unexpected size|Hash Sum|NO_PUBKEY|not signed|^E:' "$root/log" | sed 's/^ *//; s/ \[IP.*//' || echo 'see apt')
    [ -z "$whole" ] || die "the signed $suite package index cannot be used ($why), and nothing else says what is sound"
    warn "the signed package index cannot be used ($why); taking the unsigned one"
    download "${repository}dists/$suite/main/binary-$arch/Packages.xz" "$root/Packages.xz" || die "the mirror has no $suite index for $arch"
    xz -dc "$root/Packages.xz" >"$root/Packages"
    index=$root/Packages index_trust=unsigned
}

# newest NAME...: "package version path sha256 size" of the newest version of each.
newest() {
    local line best='' package='' newer version
    # Sorted by name; which of two versions is newer, dpkg says.
    while read -r newer version line; do
        if [ "$newer" != "$package" ]; then
            [ -z "$best" ] || printf '%s %s\n' "$package" "$best"
        elif dpkg --compare-versions "$version" le "${best%% *}"; then
            continue
        fi
        package=$newer best="$version $line"
    done < <(printf '%s\n' "$@" | awk '
        function flush() { if (package in want && path != "") print package, version, path, sum, size; package = path = "" }
        NR == FNR { want[$1]; next }
        /^$/ { flush() } /^Package: / { package = $2 } /^Version: / { version = $2 } /^Filename: / { path = $2 }
        /^SHA256: / { sum = $2 } /^Size: / { size = $2 } END { flush() }' - "$index" | sort -s -k1,1)
    [ -z "$best" ] || printf '%s %s\n' "$package" "$best"
}

# packages_of NAME: the packages behind a name of a list. "essential" is what Debian marks so with all that it takes, "important" what it marks so.
# The kernel's meta package leads to the real one, which from forky on is the Image, the modules and a list of what is built in, each in a package of its own.
packages_of() {
    case $1 in
        linux-image-riscv64) ;;
        essential)
            everything_of "$(marked 'Essential: yes')"
            return ;;
        important)
            marked 'Priority: (required|important)'
            return ;;
        *)
            printf '%s\n' "$1"
            return ;;
    esac
    local image
    image=$(field "$1" Depends | grep -oE 'linux-image-[0-9][^ ,]*' | sed -n 1p)
    [ -n "$image" ] || die "linux-image-riscv64 names no kernel"
    if grep -q "^Package: ${image/image/binary}\$" "$index"; then
        printf '%s\n' "${image/image/base}" "${image/image/binary}" "${image/image/modules}"
    else
        printf '%s\n' "$image"
    fi
}

marked() { awk -v mark="^$1" '/^Package: / { package = $2 } $0 ~ mark { print package }' "$index" | sort -u; }

# everything_of NAMES: these and all that they depend on, as apt would install them where there is nothing yet.
everything_of() {
    local names
    read -r -d '' -a names <<<"$1" || true
    APT_CONFIG=$apt_conf apt-get install -s -y -qq --no-install-recommends "${names[@]}" | awk '$1 == "Inst" { print $2 }' | sort -u
}

field() {
    awk -v want="$1" -v key="$2: " '/^Package: / { package = $2 } package == want && index($0, key) == 1 { print substr($0, length(key) + 1) }' "$index"
}

# libraries_of NAME...: the libraries that these depend on, and what those do. Other dependencies are for scripts of packages, which do not run here.
libraries_of() {
    printf '%s\n' "$@" | awk '
        function names(list, found,    i, count, parts) {
            count = split(list, parts, /, */)
            for (i = 1; i <= count; i++) { sub(/[ :|(].*/, "", parts[i]); found[parts[i]] }
        }
        function follow(package,    found, name) {
            names(depends[package], found)
            for (name in found) if (section[name] == "libs" && !(name in seen)) { seen[name]; print name; follow(name) }
        }
        NR == FNR { roots[++count] = $1; seen[$1]; next }
        /^Package: / { package = $2; depends[package] = "" } /^Section: / { section[package] = $2 }
        /^(Pre-)?Depends: / { sub(/^[^:]*: /, ""); depends[package] = depends[package] ", " $0 }
        END { for (i = 1; i <= count; i++) follow(roots[i]) }' - "$index" | sort
}
