#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fetch what the lanes need, from Debian packages alone: build tools, the
# source of one kernel, headers and images of the stock kernels. Does nothing,
# quickly, when everything is there; two runs at once wait for each other.
#
#	setup.sh [PACKAGE...]
#
# installs these packages, too: what one lane alone needs.
#
# Leaves for other scripts to read:
#
#   $CACHE/source		the path of the unpacked kernel source
#   $CACHE/stock-6.12		the release string ("uname -r") of a stock
#   $CACHE/stock-6.12-rt	kernel, REL below
#   $CACHE/stock-6.1
#   $CACHE/images/REL/		its package, unpacked: boot/vmlinuz-REL and
#				lib/modules/REL with modules.dep
#   /usr/src/linux-headers-REL	its headers

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SOURCE=linux-source-6.12

# Name of a stock kernel, and the package that depends on its headers.
STOCK="
6.12	linux-headers-6.12-amd64
6.12-rt	linux-headers-6.12-rt-amd64
6.1	linux-headers-amd64
"

PACKAGES="
bc bison build-essential busybox-static ca-certificates codespell cpio
flex gcc git kmod libelf-dev libssl-dev make perl python3 qemu-system-x86
rsync shellcheck sparse xz-utils
$SOURCE
$(awk 'NF { print $2 }' <<<"$STOCK")
$*
"

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "neither root nor sudo; please run as root: $*"
	fi
}

missing_packages()
{
	local p

	for p in $PACKAGES; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null |
			grep -qx installed || echo "$p"
	done
}

# The index is fetched once a run, and only when something has to be.
fresh_index()
{
	[ -z "${index_is_fresh:-}" ] || return 0
	say "setup: apt-get update"
	quietly "$CACHE/setup.log" as_root apt-get update
	index_is_fresh=1
}

install_packages()
{
	local missing

	command -v apt-get >/dev/null ||
		die "no apt-get here: the lanes are made for Debian"
	mapfile -t missing < <(missing_packages)
	[ "${#missing[@]}" -gt 0 ] || return 0
	fresh_index
	say "setup: apt-get install ${missing[*]}"
	quietly "$CACHE/setup.log" as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y --no-install-recommends "${missing[@]}"
}

# What is made in steps gets its final name last, so that an interrupted run
# leaves nothing that looks complete.
unpack_source()
{
	local version dir

	version=$(dpkg-query -W -f '${Version}' "$SOURCE")
	dir=$CACHE/$SOURCE-$version
	if [ ! -d "$dir" ]; then
		say "setup: unpacking $SOURCE $version"
		rm -rf "$dir.new"
		mkdir "$dir.new"
		quietly "$CACHE/setup.log" tar -xf "/usr/src/$SOURCE.tar.xz" \
			-C "$dir.new" --strip-components=1
		mv "$dir.new" "$dir"
	fi
	echo "$dir" >"$CACHE/source"
}

# release_of HEADERS-METAPACKAGE: the release its headers are for.
release_of()
{
	dpkg-query -W -f '${Depends}' "$1" |
		sed -n 's/.*linux-headers-\([^ ,]*\).*/\1/p'
}

download()
{
	(cd "$1" && apt-get download "$2")
}

# Unpacked, not installed: the machine's own boot is none of our business.
unpack_image()
{
	local rel=$1 dir=$CACHE/images/$1 name

	[ ! -d "$dir" ] || return 0
	fresh_index
	say "setup: downloading kernel image $rel"
	rm -rf "$dir.new"
	mkdir -p "$dir.new"
	for name in "linux-image-$rel" "linux-image-$rel-unsigned"; do
		! download "$dir.new" "$name" >"$CACHE/setup.log" 2>&1 || break
	done
	quietly "$CACHE/setup.log" dpkg-deb -x "$dir.new"/*.deb "$dir.new"
	rm "$dir.new"/*.deb
	[ -d "$dir.new/lib" ] || ln -s usr/lib "$dir.new/lib"
	PATH=$PATH:/sbin:/usr/sbin quietly "$CACHE/setup.log" \
		depmod -b "$dir.new" "$rel"
	mv "$dir.new" "$dir"
}

stock_kernel()
{
	local name=$1 rel

	rel=$(release_of "$2")
	[ -d "/usr/src/linux-headers-$rel" ] ||
		die "$2 did not bring /usr/src/linux-headers-$rel"
	unpack_image "$rel"
	echo "$rel" >"$CACHE/stock-$name"
}

exec 9>"$CACHE/setup.lock"
flock -n 9 || { say "setup: waiting for another set-up"; flock 9; }
install_packages
unpack_source
while read -r name package; do
	[ -z "$name" ] || stock_kernel "$name" "$package"
done <<<"$STOCK"
say "setup: complete ($(sort "$CACHE"/stock-* | paste -sd ' '))"
