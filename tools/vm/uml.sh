#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# uml.sh release|audit|debug: the KUnit suites under User Mode Linux; in "release"
# twice in one boot, in "audit" with CONFIG_VMEM_AUDIT, while the kernel of "debug"
# is slower, as it looks for bad accesses, locks, contexts and leaks. Neither root
# nor hardware is needed.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/kernel.sh"
# shellcheck source=tools/vm/suites.sh
. "$(dirname "${BASH_SOURCE[0]}")/suites.sh"

case ${1:-} in
release)
	lane=uml
	configs="kunit.config uml.config"
	limit=300
	;;
audit)
	lane=uml-audit
	configs="kunit.config uml.config uml-audit.config"
	limit=300
	;;
debug)
	lane=uml-debug
	configs="kunit.config uml.config uml-debug.config"
	limit=900
	;;
*)
	die "usage: uml.sh release|audit|debug"
	;;
esac
dir=$OUT/$lane
console=$dir/console.log

run()
{
	say "$lane: running"
	uml_run "$dir" "$limit" "$@" ||
		fail "the kernel hung or died: status $?"
}

check_console()
{
	local log=$dir/console.ours

	[ -e "$dir/finished" ] || fail "the kernel did not finish (log: $console)"
	# The leaks made on purpose come last, and are judged below.
	sed '/Kmemleak testing/,$d' "$console" >"$log"
	check_clean "$log"
}

# leaks AWK-CONDITION: the objects in kmemleak's report of which it holds.
leaks()
{
	awk -v RS='unreferenced object' "NR > 1 && ($1) { print RS \$0 }" \
		"$dir/kmemleak.log"
}

# lost FUNCTION SIZE CALL: are blocks found that a function of vmem_leak has lost,
# with that size, allocated by that call of vmem from there? Not all: kmemleak takes
# anything for a pointer that looks like one.
lost()
{
	local found

	found=$(leaks "/ $1\\+/ && /\\(size $2\\)/ && / $3\\+/" |
		grep -c 'unreferenced object' || true)
	if [ "$found" -ge 4 ] && [ "$found" -le 16 ]; then
		say "$lane: kmemleak has found $found of 16 lost in $1()"
		passed=$((passed + 1))
	else
		fail "kmemleak has found $found of 16 lost in $1()"
	fi
}

# complains AFTER TEXT: does the kernel, after what vmem_sleep has announced?
complains()
{
	if sed "1,/vmem_sleep: $1/d" "$console" | grep "$2" >/dev/null; then
		say "$lane: a request that may sleep is complained of $1"
		passed=$((passed + 1))
	else
		fail "a request that may sleep is not complained of $1"
	fi
}

# Each object that kmemleak reports must be one that was lost on purpose.
check_leaks()
{
	local log=$dir/kmemleak.log ours

	[ -s "$log" ] || { fail "kmemleak was not there or saw nothing"; return; }
	lost lose_object 96 vmem_alloc
	lost lose_segment 1000 vmem_xalloc
	lost lose_area 12288 vmem_alloc
	ours=$(leaks '!/kmemleak_test/ && !/ lose_(object|segment|area)\+/')
	if [ -n "$ours" ]; then
		head -n 60 <<<"$ours"
		fail "memory leaks (log: $log)"
	elif ! grep -q kmemleak_test "$log"; then
		fail "kmemleak is blind: it missed the leaks of its own sample"
	else
		say "$lane: nothing else is lost, and kmemleak would have seen it"
		passed=$((passed + 1))
	fi
}

rm -rf "$dir"
mkdir -p "$dir"
"$TOP/tools/vm/setup.sh"
kernel_build um "$lane" "$dir" "$configs"
if [ "$lane" = uml ]; then
	run VMEM_AGAIN=1
	check_suites "$console" "$dir/first.log"
	check_again "$dir/again.log"
	check_console
else
	run
	check_suites "$console" "$dir/first.log"
	check_console
	if [ "$lane" = uml-debug ]; then
		check_leaks
		complains "with a lock held" "BUG: sleeping function called"
		complains "in reclaim" "possible recursive locking detected"
	fi
fi
verdict "$lane" "$passed" "$failed" "$skipped"
