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
	[ "$lane" = uml-audit ] || check_leaks
fi
verdict "$lane" "$passed" "$failed" "$skipped"
