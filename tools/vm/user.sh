#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lane "user": the library in a process (tools/testing/vmem). Its KUnit suites with
# sanitizers, for 64 and 32 bits, by gcc and clang; small worlds, all of them;
# models of its protocols; fuzzing.
#
# Seconds of new fuzzing: FUZZ_SECONDS, or 60.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/suites.sh
. "$(dirname "${BASH_SOURCE[0]}")/suites.sh"

HERE=$TOP/tools/testing/vmem
PACKAGES=(clang gcc-12-multilib libc6-dev-i386 libclang-rt-14-dev spin)

# What threads do to each other: pairs, qcache, threads, wait. All else TSan takes
# minutes for, and finds nothing in.
THREADS='vmem_[pqtw][ach][!l]*'
THREAD_SUITES='pairs qcache qcache_context qcache_import qcache_misuse qcache_reclaim
	qcache_wait stress threads wait'

# After so many seconds a program is given up.
LIMIT=600

# build VARIANT COMPILER PROGRAM...
build()
{
	local variant=$1 compiler=$2 log=$dir/build-$1.log

	shift 2
	say "user: building $variant"
	quietly "$log" make -C "$HERE" -j"$JOBS" OUT="$OUT" VARIANT="$variant" \
		CC="$compiler" "${@/#/$dir/$variant/}"
}

# start NAME COMMAND...: as many at a time as there are CPUs. Its output is in
# NAME.log, its status in NAME.status.
start()
{
	local name=$1

	shift
	while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do
		wait -n || true
	done
	names+=("$name")
	{
		local begin=$SECONDS status=0

		timeout --kill-after=5 "$LIMIT" "$@" >"$dir/$name.log" 2>&1 </dev/null ||
			status=$?
		echo "$status" >"$dir/$name.status"
		say "user: $name: $((SECONDS - begin)) s"
	} &
}

# suites NAME VARIANT GLOB [PARAMETER...]: KUnit's own output, to be judged as such.
suites()
{
	local name=$1 variant=$2 glob=$3

	shift 3
	start "$name" "$dir/$variant/kunit-suites" kunit.filter_glob="$glob" "$@"
}

# What is no KUnit says "..., 0 failures", or the like, in the end when all is well.
judge_program()
{
	local last

	last=$(tail -n 1 "$dir/$1.log" | sed 's/^\[[ 0-9:]*\] //')
	case $last in
	*" 0 failures"|*" 0 failed"|*" 0 crashes")
		say "user: $last"
		passed=$((passed + 1))
		;;
	*)
		tail -n 20 "$dir/$1.log"
		fail "$1 does not say that all is well (log: $dir/$1.log)"
		;;
	esac
}

# What a sanitizer, or an assertion of the harness, has to say ends a run, or TSan's
# would: the status tells.
judge()
{
	local status

	status=$(cat "$dir/$1.status" 2>/dev/null || echo none)
	if [ "$status" != 0 ]; then
		grep -E -A20 'ERROR: |WARNING: ThreadSan|runtime error:|BUG|not ok' \
			"$dir/$1.log" | head -n 60
		fail "$1 ended with status $status (log: $dir/$1.log)"
	fi
	if grep '^KTAP' "$dir/$1.log" >/dev/null; then
		lane=user-$1
		check_suites "$dir/$1.log" "$dir/$1.ktap"
		lane=user
	else
		judge_program "$1"
	fi
}

lane=user
dir=$OUT/user
names=()
rm -rf "$dir"/*.log "$dir"/*.status
mkdir -p "$dir"
"$TOP/tools/vm/setup.sh" "${PACKAGES[@]}"
KTREE=$(cat "$CACHE/source")

start models "$HERE/models/models.sh"
SUITES=${THREAD_SUITES//[$'\n\t']/ } build tsan gcc kunit-suites
suites tsan tsan "$THREADS"
suites tsan-stress tsan vmem_stress vmem_kunit.stress_seconds=10
build fuzz clang kunit-suites harness fuzz-ops fuzz-place
suites asan fuzz 'vmem*'
start harness "$dir/fuzz/harness"
start fuzz-replay "$HERE/fuzz.sh" replay
start fuzz-new "$HERE/fuzz.sh" new "${FUZZ_SECONDS:-60}"
build audit gcc kunit-suites
suites audit audit 'vmem*'
build release gcc worlds placements tables
start worlds "$dir/release/worlds"
build m32 gcc kunit-suites
suites m32 m32 'vmem*'
start placements "$dir/release/placements"
start tables "$dir/release/tables"
SUITES=fail build nofault gcc kunit-suites
suites nofault nofault vmem_fail
wait
for name in "${names[@]}"; do
	judge "$name"
done
verdict user "$passed" "$failed" "$skipped"
