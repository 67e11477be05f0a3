#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The benchmark: vmem, and what a driver might use instead, by three rulers.
#
#	path	instructions of an allocation and a free on a stock kernel. Exact, and
#		the same on each machine: see bench/path.c
#	time	nanoseconds, in a kernel that runs as a process, on one CPU: see
#		bench/peer.h
#	scale	nanoseconds in a process with threads on the machine's CPUs: see
#		tools/testing/vmem/scale.c
#
#	bench.sh [-r RULER] [-w WORK] [-p PEER] [-n MOST] [TREE]
#
# TREE is another tree of vmem, such as an older version that "git worktree" has
# made: paths and times are those of it, by the benchmark of this one, so that both
# can be compared. Default: this tree. -r has one ruler alone; -w, -p and -n are for
# the time ruler: some workloads, vmem and some peers (lists with commas), so many live
# segments at most. So this is quick, and judges what can be judged by it:
#
#	bench.sh -r time -w churn -p drm_mm,maple -n 10000
#
# QUICK=1 in the environment takes three minutes instead of twenty.
#
# Fails if a bar is missed. In out/bench afterwards: results.csv, plots (*.svg), what
# machine it was (machine), the lines that each ruler has printed (RULER/results).

# shellcheck source=tools/vm/stock.sh
. "$(dirname "${BASH_SOURCE[0]}")/stock.sh"

KERNEL=6.12
BENCH=$OUT/bench
STOCK=$BENCH
QUICK=${QUICK:-}

usage()
{
	die "usage: bench.sh [-r path|time|scale] [-w WORK] [-p PEER] [-n MOST] [TREE]"
}

rulers="path time scale"
time_options=(${QUICK:+-q})
partial=
while getopts r:w:p:n: option; do
	case $option in
	r)	rulers=$OPTARG; partial=--partial ;;
	w|p|n)	time_options+=("-$option" "$OPTARG"); partial=--partial ;;
	*)	usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -le 1 ] || usage
VMEM_TREE=$(cd "${1:-$TOP}" && pwd)

# build WHAT: without a warning, or not at all.
build()
{
	local log

	log=$(stock_dir "$KERNEL")/$1.log
	if ! "build_$1" "$KERNEL"; then
		tail -n 30 "$log" >&2
		die "building $1 (log: $log)"
	fi
	no_warnings "$log" || die "warnings from building $1 (log: $log)"
}

# All segments were read while requests went on, and the reader has never kept the lock
# for 50 us (guest/bench).
holds_short()
{
	local lines allocated longest

	lines=$(shown "$KERNEL" holds | awk '$1 == "lines" { print $2 }')
	allocated=$(shown "$KERNEL" holds | awk '$1 == "allocated" { print $2 }')
	longest=$(shown "$KERNEL" holds | awk '$1 == "longest" { print $2 }')
	say "path: $lines segments read while $allocated were allocated:" \
		"the lock was held for $longest ns at most"
	[ "${lines:-0}" -ge "$CROWD" ] && [ "${allocated:-0}" -ge 1000 ] &&
		[ "${longest:-50000}" -lt 50000 ]
}

policies_drawn()
{
	[ "$(grep -c '<text.* events, ' "$BENCH/policies.svg")" -eq 4 ] &&
		[ "$(tail -n 1 "$BENCH/policies.svg")" = "</svg>" ]
}

run_path()
{
	say "path: building vmem.ko of $VMEM_TREE for $(stock_release "$KERNEL")"
	build vmem
	build bench
	say "path: counting instructions"
	boot_bench "$KERNEL" || die "the guest did not come to its end"
	mkdir -p "$BENCH/path"
	console "$KERNEL" | sed -n 's/.*\<vmem_bench: \(peer=.*\) per op$/\1/p' \
		>"$BENCH/path/results"
	check "path: modules load and unload" step_ok "$KERNEL" unload-vmem
	check "path: kernel log is clean" log_clean "$KERNEL"
	check "path: a reader of segments lets others in" holds_short
	shown "$KERNEL" policies >"$BENCH/policies.svg"
	say "path: the same work under four policies: $BENCH/policies.svg"
	check "path: each policy has its picture" policies_drawn
}

run_time()
{
	"$VM/bench-time.sh" "${time_options[@]}" "$VMEM_TREE"
}

# A new work is progress.
scale_progress()
{
	local line work=

	while IFS= read -r line; do
		printf '%s\n' "$line"
		[[ $line = peer=*\ work=* ]] || continue
		line=${line#* work=}
		[ "$work" = "${line%% *}" ] || say "scale: ${line%% *}" >&3
		work=${line%% *}
	done
}

# It judges its results itself, in lines like "bar pass TEXT" or "bar fail TEXT", and
# ends with status 1 when one has failed.
run_scale()
{
	local dir=$BENCH/scale program=$OUT/user/scale/scale

	say "scale: building"
	mkdir -p "$dir"
	quietly "$dir/build.log" make -C "$TOP/tools/testing/vmem" -j"$JOBS" \
		OUT="$OUT" VARIANT=scale "$program"
	say "scale: running"
	exec 3>&1
	{
		stdbuf -oL "$program" ${QUICK:+--quick} 2>"$dir/errors" ||
			[ $? -eq 1 ] || die "scale did not come to its end" 2>&3
	} | scale_progress >"$dir/results"
	grep '^bar ' "$dir/results" >/dev/null || die "scale has judged nothing (log: $dir)"
}

# On what, and of what.
machine()
{
	sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1
	echo "$(nproc) CPUs, $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)"
	gcc --version | head -n 1
	echo "path: Linux $(stock_release "$KERNEL"); time: $(basename "$(cat "$CACHE/source")")"
	echo "vmem: $(git -C "$VMEM_TREE" describe --always --dirty 2>/dev/null || echo unknown)"
	echo "load before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
}

# What each of the rulers has left is all of this run, or nothing.
for ruler in path time scale; do
	rm -f "$BENCH/$ruler/results"
done
mkdir -p "$BENCH"
packages=()
[ "$rulers" = path ] || packages=(gnuplot-nox)	# there is no plot of paths
"$VM/setup.sh" "${packages[@]}"
machine | tee "$BENCH/machine"
for ruler in $rulers; do
	case $ruler in
	path|time|scale) "run_$ruler" ;;
	*)	usage ;;
	esac
done

"$VM/bench-report.py" "$BENCH" ${partial:+"$partial"}
"$VM/bench-plot.sh" "$BENCH"
while read -r result text; do
	check "$text" [ "$result" = pass ]
done <"$BENCH/bars"
say "bench: $PASSED of $((PASSED + FAILED)) bars reached; all lines: $BENCH/results.csv"
[ "$FAILED" -eq 0 ]
