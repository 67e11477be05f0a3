#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which lines and branches of vmem/ do tests execute? Those of the lane "user", with
# and without audits and fault injection of the kernel's, and the suites under User
# Mode Linux. Prints a table by file, and leaves in $OUT/coverage what never ran
# (unexecuted).

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/kernel.sh"

dir=$OUT/coverage
HERE=$TOP/tools/testing/vmem
PROGRAMS="worlds placements tables harness"

# counters NAME GCDA...: as JSON, into $dir/NAME. gcov wants the notes of
# the build side by side with the counters.
counters()
{
	local into=$dir/$1

	mkdir -p "$into"
	shift
	[ -e "$1" ] || die "no counters: $1"
	(cd "$into" && quietly "$into/gcov.log" gcov --json-format \
		--branch-probabilities "$@")
}

# run VARIANT PROGRAM [ARGUMENT...]
run()
{
	local variant=$1 program=$2

	shift 2
	say "coverage: $variant: $program"
	quietly "$dir/$variant-$program.log" timeout 900 \
		"$OUT/user/$variant/$program" "$@"
}

in_a_process()
{
	local variant=$1 program

	shift
	say "coverage: building $variant"
	find "$OUT/user/$variant" -name '*.gcda' -delete 2>/dev/null || true
	quietly "$dir/$variant.log" make -C "$HERE" -j"$JOBS" OUT="$OUT" \
		VARIANT="$variant" CC=gcc "${@/#/$OUT/user/$variant/}"
	for program; do
		case $program in
		kunit-suites)	run "$variant" "$program" 'kunit.filter_glob=vmem*' ;;
		*)		run "$variant" "$program" ;;
		esac
	done
	counters "$variant" "$OUT/user/$variant"/vmem/*.gcda
}

under_uml()
{
	local data=$dir/uml-data

	kernel_build um coverage "$dir" \
		"kunit.config uml.config coverage.config" VMEM_GCOV=y
	say "coverage: User Mode Linux"
	uml_run "$dir" 600 || die "the kernel hung or died (log: $dir/console.log)"
	mkdir -p "$data"
	find "$dir/gcov" -path '*/lib/vmem/vmem/*.gcda' -exec cp {} "$data" \;
	cp "$BUILD/lib/vmem/vmem"/*.gcno "$data"
	counters uml "$data"/*.gcda
}

rm -rf "$dir"
mkdir -p "$dir"
"$TOP/tools/vm/setup.sh"
# shellcheck disable=SC2086 # a list
in_a_process gcov kunit-suites $PROGRAMS
in_a_process gcov-audit kunit-suites harness
in_a_process gcov-nofault kunit-suites harness
under_uml
"$TOP/tools/vm/coverage.py" -u "$dir/unexecuted" "$dir"/*/*.gcov.json.gz
say "what never ran: $dir/unexecuted"
