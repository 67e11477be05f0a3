#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The main demonstration ("make run"): vmem and a driver of a PCI device, on the
# stock kernel of Debian, in a virtual machine. Needs nothing but Debian; sets up
# on the first run what it needs.
#
#	run.sh [KERNEL]		6.12 (default), 6.12-rt or 6.1

# shellcheck source=tools/vm/stock.sh
. "$(dirname "${BASH_SOURCE[0]}")/stock.sh"

kernel=${1:-6.12}
dir=$(stock_dir "$kernel")

failed()
{
	say "run: failed: $* (logs: $dir)"
	exit 1
}

# build WHAT: without a warning, or not at all.
build()
{
	local log=$dir/$1.log

	if ! "build_$1" "$kernel"; then
		tail -n 30 "$log" >&2
		failed "building $1"
	fi
	no_warnings "$log" || failed "warnings from building $1"
}

# table TITLE COMMAND...: the output, set off from the progress.
table()
{
	say "run: $1"
	shift
	"$@" | sed 's/^/        /'
}

port_lines()
{
	shown "$kernel" ports | paste -sd , | sed 's/,/, /g'
}

memory_lines()
{
	shown "$kernel" memory | awk '{
		if (NR == 1)
			$1 = "pages:"
		printf "%-8s %10s %10s %10s\n", $1, $2, $3, $4
	}'
}

"$VM/setup.sh"
rel=$(stock_release "$kernel")
say "run: building vmem.ko for $rel"
build vmem
say "run: building the driver, from its sources, our headers and Module.symvers"
build driver
boot_demo "$kernel" || failed "the guest did not come to its end"

table "what the driver did" driver_lines "$kernel"
table "its ports, each written to, then each read" port_lines
table "the arenas meanwhile (/sys/kernel/debug/vmem/arenas)" \
	shown "$kernel" arenas
colour=-n
[ ! -t 1 ] || colour=-c
rm -rf "$dir/debugfs"
table "the windows of the BAR (vmemstat map)" vmemstat "$kernel" "$colour" map bar@card
vmemstat "$kernel" --svg "$dir/bar.svg" map bar@card
say "run: the same as a picture: $dir/bar.svg"
table "free pieces of the BAR by size, and how much is of no use for larger ones" \
	shown "$kernel" bar-free
mib=$(shown "$kernel" memory | awk '$1 == "in-use" { print int($4 / 256) }')
table "free pages before, while the driver had $mib MiB, and after (20 loads)" \
	memory_lines
say "run: checks"
check_guest "$kernel"
[ "$FAILED" -eq 0 ] || failed "$FAILED of $((PASSED + FAILED)) checks"
say "run: ok: $PASSED checks passed on $rel"
