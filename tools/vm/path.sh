#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lane "path": has a call become longer? Counts instructions on a stock kernel, as
# bench.sh does, and compares them with config/paths. A tenth more fails.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/suites.sh
. "$(dirname "${BASH_SOURCE[0]}")/suites.sh"

# shellcheck disable=SC2034 # for fail()
lane=path
log=$OUT/path.log
results=$OUT/bench/path/results

# counted WORK: instructions of one operation.
counted()
{
	sed -n "s/^peer=vmem work=$1 insns=\([0-9.]*\) .*/\1/p" "$results"
}

# compare WORK BEFORE
compare()
{
	local now

	now=$(counted "$1")
	if [ -z "$now" ]; then
		fail "$1 was not counted"
	elif awk -v now="$now" -v before="$2" 'BEGIN { exit now <= 1.1 * before }'; then
		fail "$1 takes $now instructions, and took $2"
	else
		say "path: $1 takes $now instructions, and took $2"
		passed=$((passed + 1))
	fi
}

# Whether bars are reached is not the question here. A million segments to be read take
# long, and a tenth of them tells as much: the lock is held for some of them only.
mkdir -p "$OUT"
rm -f "$results"
CROWD=100000 FAILURES=/dev/null "$TOP/tools/vm/bench.sh" -r path >"$log" || [ -s "$results" ] || die "no results (log: $log)"
for what in "modules load and unload" "kernel log is clean" \
	"a reader of segments lets others in" "each policy has its picture"; do
	if grep "ok      path: $what\$" "$log" >/dev/null; then
		passed=$((passed + 1))
	else
		fail "not so: $what (log: $log)"
	fi
done
while read -r work before _; do
	case $work in
	""|\#*)	;;
	*)	compare "$work" "$before" ;;
	esac
done <"$TOP/tools/vm/config/paths"
verdict path "$passed" "$failed"
