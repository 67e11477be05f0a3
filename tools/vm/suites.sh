# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What came of KUnit suites that ran in a kernel: read its log, count. Source it
# after kernel.sh, and set "lane" to what results are to be shown under.

lane=
passed=0
failed=0
skipped=0

fail()
{
	complain "$lane: $*"
	failed=$((failed + 1))
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

# names_of_failed LOG: the first few, with where and why the first one failed.
names_of_failed()
{
	sed -nE 's/^(\[[ 0-9.]*\])? +not ok [0-9]+ ([a-z0-9_]+).*/\2/p' "$1" |
		head -n 5 | paste -sd ' '
	grep -m 1 -A3 'FAILED at' "$1" | sed 's/^\[[ 0-9.]*\]//' | tr -s ' \t\n' ' '
}

# check_suites CONSOLE LOG: those that ran at boot, in LOG. What the first process
# starts writes to the console, too.
check_suites()
{
	local console=$1 log=$2 good bad left

	sed '/Run .* as init process/,$d' "$console" >"$log"
	read -r good bad left < <(summary_of "$log")
	say "$lane: $good cases passed, $bad failed, $left skipped"
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + left))
	[ "$good" -gt 0 ] || fail "no test ran (log: $console)"
	if [ "$bad" -gt 0 ]; then
		complain "$lane: $bad cases failed: $(names_of_failed "$log") (log: $log)"
		{
			grep -E -A4 'FAILED at' "$log" || true
			grep -E '^(\[[ 0-9.]*\])? *not ok' "$log" || true
			grep -E 'CRASHED|\[ERROR\]' "$log.parsed" || true
		} | head -n 60
	fi
}

# check_again LOG: the results of suites that were started from user space, as
# debugfs shows them.
check_again()
{
	if ! grep -q '^ok ' "$1" 2>/dev/null; then
		fail "a further run of suites has no results"
	elif grep '^ *not ok' "$1"; then
		fail "a further run of suites failed (log: $1)"
	fi
}

# check_clean LOG: nothing in it that may be in no kernel log.
check_clean()
{
	bad_lines "$1" >"$1.bad"
	if [ -s "$1.bad" ]; then
		head -n 40 "$1.bad"
		fail "the kernel log is not clean (log: $1)"
	fi
}
