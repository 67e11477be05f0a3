#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# uml.sh release|debug: the KUnit suites under User Mode Linux; in "release" twice
# in one boot, while the kernel of "debug" is slower, as it looks for bad accesses,
# locks, contexts and leaks. Neither root nor hardware is needed.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/uml-kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/uml-kernel.sh"

case ${1:-} in
release)
	lane=uml
	configs=uml.config
	limit=300
	;;
debug)
	lane=uml-debug
	configs="uml.config uml-debug.config"
	limit=900
	;;
*)
	die "usage: uml.sh release|debug"
	;;
esac
dir=$OUT/$lane
console=$dir/console.log
failed=0

fail()
{
	say "$lane: $*"
	failed=$((failed + 1))
}

run()
{
	say "$lane: running"
	uml_run "$dir" "$limit" "$@" ||
		fail "the kernel hung or died: status $?"
}

# summary_of KTAP-LOG: "passed failed skipped", as kunit.py counts them. A crashed
# case and an error of the log itself are failures.
summary_of()
{
	python3 "$KTREE/tools/testing/kunit/kunit.py" parse "$1" \
		>"$1.parsed" 2>&1 || true
	awk '
		/Testing complete\. Ran/ {
			for (i = 1; i < NF; i++)
				n[$i] += $(i + 1)
		}
		END {
			print n["passed:"] + 0,
			      n["failed:"] + n["crashed:"] + n["errors:"] + 0,
			      n["skipped:"] + 0
		}' "$1.parsed"
}

check_first_run()
{
	local log=$dir/first.log bad

	# The second run, started by the first process, writes to the console, too.
	sed '/^Run .* as init process/,$d' "$console" >"$log"
	read -r passed bad skipped < <(summary_of "$log")
	say "$lane: $passed cases passed, $bad failed, $skipped skipped"
	[ "$passed" -gt 0 ] || fail "no test ran (log: $console)"
	if [ "$bad" -gt 0 ]; then
		failed=$((failed + bad))
		{
			grep -E -A4 'FAILED at' "$log" || true
			grep -E '^ *not ok' "$log" || true
			grep -E 'CRASHED|\[ERROR\]' "$log.parsed" || true
		} | head -n 60
	fi
}

check_second_run()
{
	local again=$dir/again.log

	if ! grep -q '^ok ' "$again" 2>/dev/null; then
		fail "the second run of the suites has no results"
	elif grep '^ *not ok' "$again"; then
		fail "the second run of the suites failed ($again)"
	fi
}

check_console()
{
	local log=$dir/console.ours

	[ -e "$dir/finished" ] || fail "the kernel did not finish (log: $console)"
	# The leaks made on purpose come last, and are judged below.
	sed '/Kmemleak testing/,$d' "$console" >"$log"
	bad_lines "$log" >"$dir/bad_lines"
	if [ -s "$dir/bad_lines" ]; then
		head -n 40 "$dir/bad_lines"
		fail "the kernel log is not clean (log: $console)"
	fi
}

# Each object that kmemleak reports must be one of the sample module's.
check_leaks()
{
	local log=$dir/kmemleak.log ours

	[ -s "$log" ] || { fail "kmemleak was not there or saw nothing"; return; }
	ours=$(awk -v RS='unreferenced object' \
		'NR > 1 && !/kmemleak_test/ { print RS $0 }' "$log")
	if [ -n "$ours" ]; then
		head -n 60 <<<"$ours"
		fail "memory leaks (log: $log)"
	elif ! grep -q kmemleak_test "$log"; then
		fail "kmemleak is blind: it missed the leaks of its own sample"
	else
		say "$lane: no leaks, and kmemleak would have seen them"
	fi
}

rm -rf "$dir"
mkdir -p "$dir"
"$TOP/tools/vm/setup.sh"
uml_build "$lane" "$dir" "$configs"
if [ "$lane" = uml ]; then
	run VMEM_AGAIN=1
	check_first_run
	check_second_run
	check_console
else
	run
	check_first_run
	check_console
	check_leaks
fi
verdict "$lane" "$passed" "$failed" "$skipped"
