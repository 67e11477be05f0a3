#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh [LANE...]: run the test lanes, cheapest first; by default all but arch.
# A lane that fails does not stop the others. The last line is the sum:
#
#	N passed, N failed[, N skipped]

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

LANES="static path user uml uml-audit uml-debug smp debian"

passed=0
failed=0
skipped=0
table=

command_of()
{
	case $1 in
	static)		echo static.sh ;;
	path)		echo path.sh ;;
	user)		echo user.sh ;;
	uml)		echo uml.sh release ;;
	uml-audit)	echo uml.sh audit ;;
	uml-debug)	echo uml.sh debug ;;
	smp)		echo smp.sh ;;
	debian)		echo debian.sh ;;
	arch)		echo arch.sh ;;
	*)		die "no lane $1; there are: $LANES arch" ;;
	esac
}

# A lane tells its result by a line in the file of verdicts. One that died
# without, or whose exit status disagrees, has failed once.
run_lane()
{
	local lane=$1 begin=$SECONDS p=0 f=0 s=0 status=0 command

	command=$(command_of "$lane")
	say "lane $lane: starts"
	: >"$OUT/verdicts"
	# shellcheck disable=SC2086 # a command and its argument
	"$TOP"/tools/vm/$command || status=$?
	if ! read -r _ p f s < <(grep "^$lane " "$OUT/verdicts"); then
		say "lane $lane: ended without a verdict, status $status"
		p=0 f=1 s=0
	elif [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	table+=$(printf '%-12s %8d %8d %8d %7ds' "$lane" "$p" "$f" "$s" \
		$((SECONDS - begin)))$'\n'
}

# shellcheck disable=SC2086 # a list
[ $# -gt 0 ] || set -- $LANES
for lane; do
	command_of "$lane" >/dev/null
done
for lane; do
	run_lane "$lane"
done

echo
printf '%-12s %8s %8s %8s %8s\n' lane passed failed skipped time
printf '%s\n' "$table"
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
