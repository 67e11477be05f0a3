#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Path lengths: how many instructions of a stock kernel an allocation and a free
# take, for vmem and for what a driver might use instead. Exact, and the same on
# each machine: see bench/path.c.
#
#	bench.sh [TREE]		default: this tree
#
# TREE is another tree of vmem, such as an older version that "git worktree" has
# made. It is measured by the benchmark of this one, so that both can be compared.
# Fails if a bar is missed. The lines of results stay in out/bench/results.

# shellcheck source=tools/vm/stock.sh
. "$(dirname "${BASH_SOURCE[0]}")/stock.sh"

KERNEL=6.12
STOCK=$OUT/bench
VMEM_TREE=$(cd "${1:-$TOP}" && pwd)

# work, and how many instructions it may take
BARS='
cached-pair	64
'

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

# "work peer instructions min max", a line each, in the order of measuring.
extract()
{
	console "$KERNEL" | sed -n 's/.*\<vmem_bench: \(peer=.* per op\)$/\1/p' |
		awk '{
			for (i = 1; i < NF; i++)
				if (split($i, pair, "=") == 2)
					value[pair[1]] = pair[2]
			print value["work"], value["peer"], value["insns"],
			      value["min"], value["max"]
		}'
}

# A row for each work, a column for each peer. Last: vmem by the better of the two
# that have caches per CPU or something alike.
table()
{
	awk '
		function cell(work, peer, key) {
			key = work SUBSEP peer
			return key in insns ? insns[key] : "-"
		}
		function ratio(work, best, a, b) {
			a = cell(work, "sbitmap")
			b = cell(work, "iova_fast")
			best = a == "-" || (b != "-" && b + 0 < a + 0) ? b : a
			if (best == "-" || cell(work, "vmem") == "-")
				return "-"
			return sprintf("%.2f", cell(work, "vmem") / best)
		}
		{ insns[$1, $2] = $3 }
		!($1 in work_seen) { work_seen[$1]; works[++w] = $1 }
		!($2 in peer_seen) { peer_seen[$2]; if ($2 != "none") peers[++p] = $2 }
		END {
			printf "%-18s", "instructions"
			for (i = 1; i <= p; i++)
				printf " %10s", peers[i]
			printf " %8s\n", "ratio"
			for (j = 1; j <= w; j++) {
				if (works[j] ~ /^empty-/)
					continue
				printf "%-18s", works[j]
				for (i = 1; i <= p; i++)
					printf " %10s", cell(works[j], peers[i])
				printf " %8s\n", ratio(works[j])
			}
		}' "$results"
}

# bar_met WORK LIMIT
bar_met()
{
	awk -v work="$1" -v limit="$2" '
		$1 == work && $2 == "vmem" { seen = 1; above = $3 > limit }
		END { exit !seen || above }' "$results"
}

"$VM/setup.sh"
say "bench: building vmem.ko of $VMEM_TREE for $(stock_release "$KERNEL")"
build vmem
build bench
boot_bench "$KERNEL" || die "the guest did not come to its end"
results=$STOCK/results
extract >"$results"

table
echo "ratio: vmem by the better of sbitmap and iova_fast"
check "modules load and unload" step_ok "$KERNEL" unload-vmem
check "kernel log is clean" log_clean "$KERNEL"
while read -r work limit; do
	[ -z "$work" ] ||
		check "$work: at most $limit instructions" bar_met "$work" "$limit"
done <<<"$BARS"
[ "$FAILED" -eq 0 ]
