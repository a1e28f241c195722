#!/usr/bin/env bash
# Prints an OpenSSH ed25519 private key, without a passphrase, in dropbear's format: the name of the type and the 64 bytes
# seed || public key, each behind a big-endian length.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

hex=$(grep -v -- '-----' "$1" | base64 -d | od -An -v -tx1 | tr -d ' \n')
name=0000000b7373682d65643235353139 # "ssh-ed25519"
# The private section is: two check words, the type, the public key (32 bytes), the 64 bytes.
section=${hex##*"${name}00000020"}
key=${section:64:136}
[ "${key:0:8}" = 00000040 ] || die "$1 is not an unencrypted ed25519 key"
printf '%s%s' "$name" "$key" | sed 's/../\\x&/g' | xargs -0 printf '%b'
