#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The main demonstration ("make run"): vmem and a driver of a PCI device, on the
# stock kernel of Debian, in a virtual machine. Needs nothing but Debian; sets up
# on the first run what it needs.
#
#	run.sh [-d DIR] [KERNEL]	6.12 (default), 6.12-rt or 6.1
#
# With -d ("make run DRIVER=DIR"), the driver is that of the Kbuild in DIR, of any
# number of modules: built against vmem, loaded and unloaded. It fails if that does,
# or if vmem or the kernel has anything to complain of.

# shellcheck source=tools/vm/stock.sh
. "$(dirname "${BASH_SOURCE[0]}")/stock.sh"

driver=
while getopts d: option; do
	case $option in
	d) driver=$OPTARG ;;
	*) die "usage: run.sh [-d DIR] [KERNEL]" ;;
	esac
done
shift $((OPTIND - 1))
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

# === A driver of the user's own ===

build_own()
{
	build_user "$1" own "$driver"
}

# The modules that were built, in the order in which to load them: with directories.
own_modules()
{
	sed -E "s|^$dir/own/||; s/\.k?o$//" "$dir/own/modules.order"
}

boot_own()
{
	local list=$dir/own-list

	rm -rf "$list"
	mkdir -p "$list"
	own_modules | sed 's|.*/||' >"$list/modules"
	boot_guest "$kernel" driver \
		"$(own_modules | sed 's|.*|own/&.ko|' | paste -sd ' ') own-list"
}

# What the kernel said of it, and why a step failed; not that the module taints.
own_lines()
{
	console "$kernel" | sed -n '/step: load-driver$/,/step: power off$/p' |
		grep -vE '\] (step: |.*taint(s|ing) kernel)' || true
	results "$kernel" | grep -E '^(insmod|rmmod): ' || true
}

OWN_PROPERTIES='
vmem.ko loads;			step_ok load-vmem
driver loads;			step_ok load-driver
driver unloads;			step_ok unload-driver
no arena is left;		no_arenas afterwards
vmem unloads;			step_ok unload-vmem
guest powers off by itself;	step_ok finished
neither vmem nor the kernel complains;	log_clean
'

run_own()
{
	[ -e "$driver/Kbuild" ] || [ -e "$driver/Makefile" ] ||
		die "run: no Kbuild in $driver"
	say "run: building the driver in $driver"
	build own
	boot_own || say "run: the guest did not come to its end"
	table "what the kernel's log says" own_lines
	table "the arenas meanwhile (/sys/kernel/debug/vmem/arenas)" \
		shown "$kernel" arenas
	say "run: checks"
	PROPERTIES=$OWN_PROPERTIES check_guest "$kernel"
	[ "$FAILED" -eq 0 ] || failed "$FAILED of $((PASSED + FAILED)) checks"
	say "run: ok: the driver in $driver loads and unloads on $rel"
}

"$VM/setup.sh"
rel=$(stock_release "$kernel")
say "run: building vmem.ko for $rel"
build vmem
if [ -n "$driver" ]; then
	run_own
	exit
fi
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
