#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lane "debian": vmem.ko and a driver linked against it, built with the headers
# of stock Debian kernels, loaded, used and unloaded on them.
#
#	debian.sh [KERNEL...]	default: all of KERNELS, names as in setup.sh

# shellcheck source=tools/vm/stock.sh
. "$(dirname "${BASH_SOURCE[0]}")/stock.sh"

KERNELS=(6.12 6.12-rt 6.1)

# built KERNEL WHAT: show why, if not.
built()
{
	local log

	log=$(stock_dir "$1")/$2.log
	if ! "build_$2" "$1"; then
		tail -n 30 "$log" >&2
		return 1
	fi
	no_warnings "$log"
}

# A guest that could not be had, or hangs, fails whatever is asked of it.
lane()
{
	say "debian: kernel $1 ($(stock_release "$1"))"
	check "vmem.ko builds without warnings" built "$1" vmem
	check "driver builds without warnings" built "$1" driver
	boot_demo "$1" || say "  $1: the guest did not come to its end"
	check_guest "$1"
}

"$VM/setup.sh"
[ $# -gt 0 ] || set -- "${KERNELS[@]}"
for kernel; do
	lane "$kernel"
done
verdict debian "$PASSED" "$FAILED"
