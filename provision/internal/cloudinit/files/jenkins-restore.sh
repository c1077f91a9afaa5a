#!/bin/sh
# Puts a backup of jenkins-backup in the place of Jenkins's home, and the home
# that was there beside it: home.before-restore. $1 is the backup.
set -eu

if [ $# -ne 1 ] || [ ! -s "$1" ]; then
	echo "usage: jenkins-restore /var/backups/jenkins/DAY.tar.gz" >&2
	exit 2
fi
home=/var/lib/jenkins
before=$home/home.before-restore
# What the backup leaves out stays: the plug-ins are the machine's.
kept='lost+found plugins home.before-restore home.restored'

mountpoint -q "$home" || { echo "error: $home is not the data disk" >&2 && exit 1; }
if [ -e "$before" ]; then
	echo "error: $before holds the home of before an earlier restore, one that broke off perhaps; remove it, or move it away, and try again" >&2
	exit 1
fi
rm -rf "$home/home.restored"
mkdir "$home/home.restored"
tar -xzf "$1" -C "$home/home.restored"
systemctl stop jenkins
mkdir "$before"
for path in "$home"/* "$home"/.[!.]*; do
	case " $kept " in
	*" ${path##*/} "*) ;;
	*) [ ! -e "$path" ] || mv "$path" "$before/" ;;
	esac
done
find "$home/home.restored" -mindepth 1 -maxdepth 1 -exec mv -t "$home" {} +
rmdir "$home/home.restored"
chown -R jenkins:jenkins "$home"
systemctl start jenkins
