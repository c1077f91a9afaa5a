#!/bin/sh
# First process of a machine: makes the container's mounts those of a machine,
# gives it a data disk and a way to the metadata service, and becomes systemd.
set -eu

mount -o remount,bind,rw /sys
while read -r _ dir type _; do
	case $type in
	cgroup | cgroup2) mount -o remount,bind,rw "$dir" ;;
	esac
done </proc/mounts
mount --make-rshared /
[ -s /etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id

update-ca-certificates >/dev/null 2>&1
ip route replace 169.254.169.254 dev eth0
# Where the user jenkins was numbered otherwise before.
[ -z "${OTHER_NUMBERS:-}" ] || adduser --quiet --system --group --no-create-home somebody

# The data disk is a file, at the path that Azure's udev rules make. Somebody
# else may take the loop device that was free a moment ago.
[ -e /dev/loop-control ] || mknod -m 600 /dev/loop-control c 10 237
for _ in 1 2 3 4 5; do
	loop=$(losetup -f)
	[ -b "$loop" ] || mknod -m 600 "$loop" b 7 "${loop#/dev/loop}"
	losetup "$loop" /disk/home.img && break
	loop=
	sleep 1
done
[ -n "$loop" ] || { echo "no loop device" >&2 && exit 1; }
mkdir -p /dev/disk/azure/scsi1
ln -s "$loop" /dev/disk/azure/scsi1/lun0
# What systemd does of fstab on a machine, and leaves in a container.
mount -a

exec /lib/systemd/systemd
