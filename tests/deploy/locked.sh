#!/bin/sh
# Run a command in the files of an image as a container would: root read-only, no capabilities,
# no new privileges, and of /proc only what it is itself. The caller has made a mount namespace
# for it (unshare) and chooses the user (chroot --userspec).
#
#   locked.sh IMAGE-ROOT PROJECT NAME=VALUE... -- COMMAND...
#
# PROJECT holds scorewright.toml, bundles/ and keys/ (mounted read-only) and state/.
set -eu
root=$1 project=$2
shift 2

seal() { mount --bind "$1" "$2" && mount -o "remount,bind,$3" "$2"; }

place=$root/srv/scorewright
touch "$place/scorewright.toml"
seal "$root" "$root" ro
mount -t tmpfs -o size=256m,mode=1777,nosuid,nodev,noexec tmpfs "$root/tmp"
mount -t proc -o nosuid,nodev,noexec,hidepid=invisible,subset=pid proc "$root/proc"
mount --rbind /dev "$root/dev"
# Nothing may need a shell.
for shell in sh dash bash; do
    [ ! -e "$root/bin/$shell" ] || mount --bind /dev/null "$root/usr/bin/$shell"
done
seal "$project/scorewright.toml" "$place/scorewright.toml" ro
seal "$project/bundles" "$place/bundles" ro
seal "$project/keys" "$place/keys" ro
seal "$project/state" "$place/.scorewright" rw
exec setpriv --no-new-privs --inh-caps=-all \
    --bounding-set=-all,+sys_chroot,+setuid,+setgid \
    /usr/bin/env --ignore-environment "$@"
