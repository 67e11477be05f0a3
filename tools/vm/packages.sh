#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lane "packages": what a user of Debian does with the packages of "make deb", on a
# Debian system of its own with Debian's kernel, in QEMU: install them by apt, have
# DKMS build the module and a driver, load them by modprobe, upgrade, purge. Not part
# of "make check": DKMS compiles in there, where all goes ten times slower.
#
# guest/packages does it, step by step. There are three versions: 1.0.1 is 1.0.0 but for
# its number; in 1.1.0 an arena has a member more, and so its functions, for which the
# kernel computes versions from all types that they take, are others to it.

# shellcheck source=tools/vm/stock.sh
. "$(dirname "${BASH_SOURCE[0]}")/stock.sh"

BASE=$CACHE/debian-root.tar
PACKAGES=(linux-image-amd64 linux-headers-amd64 initramfs-tools dkms)
# After so many seconds the guest is given up.
LIMIT=3600

dir=$OUT/packages
root=$dir/root
repository=$root/srv/repository

# The system before anything of ours is there, kept for the next time: as apt gets it
# here, so that nothing in the guest needs a network.
make_base()
{
	[ ! -s "$BASE" ] || return 0
	say "packages: debootstrap (once)"
	rm -rf "$root"
	quietly "$dir/debootstrap.log" debootstrap --variant=minbase \
		--include="$(IFS=,; echo "${PACKAGES[*]}")" bookworm "$root" \
		http://deb.debian.org/debian
	chroot "$root" apt-get clean
	tar -C "$root" -cf "$BASE.new" .
	mv "$BASE.new" "$BASE"
}

# packages_of VERSION [SED-SCRIPT FILE]: into the repository, with something changed.
packages_of()
{
	"$VM/deb.sh" "$@"
	cp "$OUT"/deb/*_"$1"_*.deb "$repository"
}

make_image()
{
	rm -rf "$root"
	mkdir -p "$repository"
	packages_of 1.0.0
	packages_of 1.0.1
	packages_of 1.1.0 's/^struct vmem {$/&\n\tunsigned long added;/' vmem/internal.h
	(cd "$repository" && dpkg-scanpackages -m . >Packages 2>"$dir/scan.log")
	tar -C "$root" -xf "$BASE"
	echo 'deb [trusted=yes] file:/srv/repository ./' >"$root/etc/apt/sources.list"
	rm -rf "$root"/etc/apt/sources.list.d/*
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
	install -m 755 "$VM/guest/packages" "$root/job"
	cp "$root"/boot/vmlinuz-* "$dir/vmlinuz"
	cp "$root"/boot/initrd.img-* "$dir/initrd"
	rm -f "$dir/image"
	quietly "$dir/mke2fs.log" mke2fs -q -t ext4 -d "$root" "$dir/image" 4G
	rm -rf "$root"
}

boot_image()
{
	"$VM/qemu.sh" -k "$dir/vmlinuz" -i "$dir/initrd" -o "$dir/guest" -t "$LIMIT" \
		-m 2048 -a "root=/dev/vda rw init=/job" -- "${CARD[@]}" \
		-drive "file=$dir/image,format=raw,if=virtio,cache=unsafe"
}

# steps: the names of all that guest/packages is to do.
steps()
{
	sed -n 's/^step \([a-z-]*\) .*/\1/p' "$VM/guest/packages"
}

judge()
{
	local name seconds

	for name in $(steps); do
		seconds=$(sed -n "s/^@[a-z]* $name //p" "$dir/guest/results.log")
		check "$name${seconds:+ ($seconds s)}" \
			grep -q "^@ok $name " "$dir/guest/results.log"
	done
	check "kernel log is clean" none_bad
}

none_bad()
{
	[ -s "$dir/guest/console.log" ] && [ -z "$(bad_lines "$dir/guest/console.log")" ]
}

"$VM/setup.sh" debootstrap debian-archive-keyring e2fsprogs dpkg-dev
mkdir -p "$dir"
make_base
make_image
say "packages: image made; now the system, emulated: this takes a while"
boot_image || complain "packages: the guest did not come to its end"
judge
verdict packages "$PASSED" "$FAILED"
