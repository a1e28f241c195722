# The package index of the machine's mirror. Sourced after lib.sh.
# shellcheck shell=bash

index=
index_trust=

# Sets $index to a decompressed Packages file and $index_trust to "signed" or "unsigned".
# The signed route: a private apt root checks InRelease against Debian's keyring, and the Packages file against InRelease.
# A mirror in the middle of a sync fails that check; then the bare Packages file serves, and the lock file is what protects us.
load_index() {
    [ -z "$index" ] || return 0
    local repository=$1 root=$cache/apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    rm -rf "$root"
    mkdir -p "$root"/etc/{sources,preferences,trusted} "$root"/lists/partial "$root"/archives/partial
    : >"$root/status"
    printf 'deb [arch=%s signed-by=%s] %s %s main\n' "$arch" "$keyring" "$repository" "$suite" >"$root/etc/sources.list"
    cat >"$root/apt.conf" <<CONF
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
    if APT_CONFIG=$root/apt.conf apt-get -q update >"$root/log" 2>&1 &&
        index=$(APT_CONFIG=$root/apt.conf apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages') && [ -s "$index" ]; then
        /usr/lib/apt/apt-helper cat-file "$index" >"$root/Packages"
        index=$root/Packages index_trust=signed
        return 0
    fi
    warn "the signed package index cannot be used ($(grep -m1 -E 'unexpected size|Hash Sum|NO_PUBKEY|not signed|^E:' "$root/log" | sed 's/^ *//; s/ \[IP.*//' || echo 'see apt')); taking the unsigned one"
    download "${repository}dists/$suite/main/binary-$arch/Packages.xz" "$root/Packages.xz" || die "the mirror has no $suite index for $arch"
    xz -dc "$root/Packages.xz" >"$root/Packages"
    index=$root/Packages index_trust=unsigned
}

# newest NAME: "package version path sha256 size" of the newest version of it. The kernel's meta package leads to the real one.
newest() {
    local name=$1 line
    if [ "$name" = linux-image-riscv64 ]; then
        name=$(field "$name" Depends | grep -oE 'linux-image-[0-9][^ ,]*' | head -n1)
        [ -n "$name" ] || die "linux-image-riscv64 names no kernel"
    fi
    line=$(awk -v want="$name" '
        function flush() { if (package == want && path != "") print package, version, path, sum, size; package = path = "" }
        /^$/ { flush() } /^Package: / { package = $2 } /^Version: / { version = $2 } /^Filename: / { path = $2 }
        /^SHA256: / { sum = $2 } /^Size: / { size = $2 } END { flush() }' "$index" | newest_line)
    [ -n "$line" ] || die "the mirror has no package $name"
    printf '%s\n' "$line"
}

field() {
    awk -v want="$1" -v key="$2: " '/^Package: / { package = $2 } package == want && index($0, key) == 1 { print substr($0, length(key) + 1) }' "$index"
}

newest_line() {
    local best='' best_version='' line version
    while read -r line; do
        version=$(cut -d' ' -f2 <<<"$line")
        if [ -z "$best" ] || dpkg --compare-versions "$version" gt "$best_version"; then best=$line best_version=$version; fi
    done
    printf '%s' "$best"
}
