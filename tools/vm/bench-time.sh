#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Times: what an allocation and a free take, in nanoseconds, for vmem and for what a
# driver might use instead, in a kernel that runs as a process, on one CPU: see
# bench/peer.h.
#
#	bench-time.sh [-q] [-w WORK] [-p PEER] [-n MOST] [-k REPEATS] [-s SEED] [TREE]
#
# TREE is another tree of vmem; it is measured by the benchmark of this one. -q does
# less of everything. -w and -p choose workloads and peers, by lists with commas; vmem
# is always there. -n is the largest number of live segments. Lines of results are in
# out/bench/time/results afterwards.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/kernel.sh"

usage()
{
	die "usage: bench-time.sh [-q] [-w WORK] [-p PEER] [-n MOST] [-k REPEATS] [-s SEED] [TREE]"
}

MEMORY=6G	# a million segments in every peer at once
LIMIT=3600	# seconds; it ends by itself long before

dir=$OUT/bench/time
stage=
memory=
most=
quick=
parameters=()
while getopts qw:p:n:k:s: option; do
	case $option in
	q)	quick=1; parameters+=(vmem_bench.quick=1 vmem_bench.repeats=5) ;;
	w)	parameters+=("vmem_bench.work=$OPTARG") ;;
	p)	parameters+=("vmem_bench.peer=$OPTARG") ;;
	n)	most=$OPTARG ;;
	k)	parameters+=("vmem_bench.repeats=$OPTARG") ;;
	s)	parameters+=("vmem_bench.seed=$OPTARG") ;;
	*)	usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -le 1 ] || usage
tree=$(cd "${1:-$TOP}" && pwd)
parameters+=("vmem_bench.most=${most:-$([ -n "$quick" ] && echo 10000 || echo 1000000)}")

# stage_tree: the tree that is measured, with the benchmark of this one. Not below
# $OUT: git would ignore all of it there.
stage_tree()
{
	stage=$(mktemp -d)
	copy_tree "$stage" "$tree"
	rm -rf "$stage/bench" "$stage/tools/vm"
	cp -r "$TOP/bench" "$stage/bench"
	cp -r "$TOP/tools/vm" "$stage/tools/vm"
	sed -i -e '/^config VMEM_BENCH/,$d' -e '/bench\/Kconfig"$/d' "$stage/Kconfig"
	echo 'source "lib/vmem/bench/Kconfig"' >>"$stage/Kconfig"
}

# A kernel reaches its memory by large pages, so let it have large ones of ours, if we
# may: for a million segments they make half of the difference.
large_pages()
{
	memory=$(mktemp -d)
	if mount -t tmpfs -o huge=always,size="$MEMORY" vmem-bench "$memory" 2>/dev/null; then
		TMPDIR=$memory
		export TMPDIR
	else
		say "time: pages are small: what takes much memory takes long"
	fi
}

leave()
{
	rm -rf "$stage"
	if [ -n "$memory" ]; then
		! mountpoint -q "$memory" || umount "$memory"
		rmdir "$memory"
	fi
}

# Its first process is one that powers off: all has been done by then.
boot()
{
	timeout --kill-after=5 "$LIMIT" "$dir/linux" mem="$MEMORY" console=tty0 \
		con=null con0=null,fd:1 root=none rootfstype=hostfs rootflags=/ ro \
		"init=$(command -v busybox)" "${parameters[@]}" -- poweroff -f \
		</dev/null 2>&1
}

# Lines that begin a part of the work become progress, as they come.
progress()
{
	local line

	while IFS= read -r line; do
		printf '%s\n' "$line"
		case $line in
		*vmem_bench:\ step:*) say "time: ${line##*step: }" >&3 ;;
		esac
	done
}

mkdir -p "$dir"
"$TOP/tools/vm/setup.sh"
trap leave EXIT
stage_tree
TOP=$stage kernel_build um bench "$dir" bench.config
large_pages
say "time: running"
exec 3>&1
boot | progress >"$dir/console.log" || die "the kernel hung or died (log: $dir/console.log)"
tr -d '\r' <"$dir/console.log" | sed -n 's/^.*\<vmem_bench: \(peer=.*\)$/\1/p' >"$dir/results"
grep 'vmem_bench: finished: 0' "$dir/console.log" >/dev/null ||
	die "the benchmark failed (log: $dir/console.log)"
[ -z "$(bad_lines "$dir/console.log")" ] || die "$(bad_lines "$dir/console.log")"
