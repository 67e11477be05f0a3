#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build an initramfs which does one job and powers off:
#
#	initramfs.sh OUTPUT JOB [FILE...]
#
# OUTPUT is a cpio.gz. It holds busybox, guest/init as /init, JOB as /job (a
# shell script, sourced by /init: see there for what it may use), and each FILE,
# a module mostly, in the root directory. A FILE that is a directory is a part of the
# root directory itself.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The package busybox-static installs it here; so do most distributions.
static_busybox()
{
	local path

	for path in /bin/busybox /usr/bin/busybox /usr/bin/busybox.static; do
		if [ -x "$path" ] && ! ldd "$path" >/dev/null 2>&1; then
			echo "$path"
			return
		fi
	done
	die "no static busybox (Debian: apt-get install busybox-static)"
}

fill()
{
	local file

	mkdir -p "$root"/{bin,dev,proc,sys}
	install -m 755 "$(static_busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	install -m 755 "$TOP/tools/vm/guest/init" "$root/init"
	install -m 644 "$job" "$root/job"
	for file; do
		if [ -d "$file" ]; then
			cp -a "$file/." "$root"
		else
			install -m 644 "$file" "$root"
		fi
	done
}

[ $# -ge 2 ] || die "usage: initramfs.sh OUTPUT JOB [FILE...]"
output=$1 job=$2
shift 2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
fill "$@"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >"$output"
