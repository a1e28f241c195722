#!/usr/bin/env bash
# Logs in to guest $GUEST (0 by default) as root with the key of the build, or runs the command given.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ -r "$out/id_ed25519" ] || die "there is no guest to log in to yet: run make qemu"
exec ssh -p $((${SSH_PORT:-10001} + ${GUEST:-0})) -i "$out/id_ed25519" -o IdentitiesOnly=yes \
    -o UserKnownHostsFile="$out/known_hosts" -o HostKeyAlias=rvirt-guest root@127.0.0.1 "$@"
