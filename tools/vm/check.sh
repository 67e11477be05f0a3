#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh [LANE...]: run the test lanes; by default LANES. A lane that fails does not
# stop the others. The last line is the sum:
#
#	N passed, N failed[, N skipped]

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Two at a time, as each alone would leave a CPU idle most of the time; the longest
# first, so that none is left over in the end.
LANES=(smp user debian uml-debug static docs tools path uml-audit uml)
AT_ONCE=2

passed=0
failed=0
skipped=0
table=

command_of()
{
	case $1 in
	uml)		echo uml.sh release ;;
	uml-audit)	echo uml.sh audit ;;
	uml-debug)	echo uml.sh debug ;;
	static|docs|intree|path|tools|user|smp|debian|arch|packages)
			echo "$1.sh" ;;
	*)		die "no lane $1; there are: ${LANES[*]} arch intree packages" ;;
	esac
}

# run_lane LANE: a line in $OUT/ended tells how it went.
run_lane()
{
	local begin=$SECONDS status=0

	say "lane $1: starts"
	# shellcheck disable=SC2046 # a command and its argument
	"$TOP"/tools/vm/$(command_of "$1") || status=$?
	echo "$1 $status $((SECONDS - begin))" >>"$OUT/ended"
}

# judge LANE: a lane tells its result by a line in the file of verdicts. One that died
# without, or whose exit status disagrees, has failed once.
judge()
{
	local p=0 f=0 s=0 status=none seconds=0

	read -r _ status seconds < <(grep "^$1 " "$OUT/ended") || true
	if ! read -r _ p f s < <(grep "^$1 " "$OUT/verdicts"); then
		complain "lane $1: ended without a verdict, status $status"
		p=0 f=1 s=0
	elif [ "$status" != 0 ] && [ "$f" -eq 0 ]; then
		f=1
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	table+=$(printf '%-12s %8d %8d %8d %7ds' "$1" "$p" "$f" "$s" \
		"$seconds")$'\n'
}

for lane; do
	command_of "$lane" >/dev/null
done
[ $# -eq 0 ] || LANES=("$@")
: >"$OUT/verdicts"
: >"$FAILURES"
: >"$OUT/ended"
trap 'trap - TERM; kill 0' INT # what runs in the background ignores it
"$TOP/tools/vm/setup.sh"
for lane in "${LANES[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge "$AT_ONCE" ]; do
		wait -n || true
	done
	run_lane "$lane" &
done
wait
for lane in "${LANES[@]}"; do
	judge "$lane"
done

echo
printf '%-12s %8s %8s %8s %8s\n' lane passed failed skipped time
printf '%s\n' "$table"
if [ -s "$FAILURES" ]; then
	echo "What has failed:"
	cat "$FAILURES"
	echo
fi
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
