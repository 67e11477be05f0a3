#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Do the tests find what they are for? Each patch of bugs/ is a mistake as a careful
# person could make it. Put it into a copy of the tree, and run the suites that must
# find it, in the lanes that must:
#
#	bugs.sh [-l LANES] [NUMBER...]
#
#	-l	run in these lanes only (default: in all that a bug names)
#
# A patch tells by lines "Found-by: LANE:SUITES" who must find it, at least two of:
#
#	user, user-asan, user-tsan	a process (Makefile)
#	uml				User Mode Linux (tools/vm/uml.sh)
#	smp-lockdep, smp-kcsan		two CPUs in QEMU (tools/vm/smp.sh)
#
# SUITES is what kunit.filter_glob takes. Without the bug they have to pass, which
# is seen to first: otherwise it says nothing that they fail with it.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../vm/common.sh"
# shellcheck source=tools/vm/kernel.sh
. "$TOP/tools/vm/kernel.sh"

BUGS=$TOP/tools/testing/vmem/bugs
LANES="user user-asan user-tsan uml smp-lockdep smp-kcsan"

# After so many seconds a process, or User Mode Linux, is given up. smp.sh has a
# limit of its own.
LIMIT=240

dir=$OUT/bugs
tree=$dir/tree

# === Lanes ===

# built LANE: has nothing changed since the lane has built the copy?
built()
{
	grep -qx "$1" "$dir/built"
}

# run_KIND LANE SUITES: build the copy, run the suites; output in $log, status in
# $log.end when there is one. What does not build cleanly ends the subshell.
run_user()
{
	local variant=${1#user} status=0

	variant=${variant#-}
	variant=${variant:-release}
	built "$1" ||
		quietly "$log.build" make -C "$tree/tools/testing/vmem" \
			-j"$JOBS" OUT="$dir" VARIANT="$variant"
	echo "$1" >>"$dir/built"
	# The shell tells of a signal, too.
	{
		timeout --kill-after=5 "$LIMIT" \
			"$dir/user/$variant/kunit-suites" \
			kunit.filter_glob="$2" >"$log" 2>&1 </dev/null
	} 2>/dev/null || status=$?
	echo "$status" >"$log.end"
}

build_uml()
{
	TOP=$tree
	mkdir -p "$dir/uml"
	kernel_build um uml "$dir/uml" "kunit.config uml.config" >"$log.say"
	if grep 'warning:' "$dir/uml/build.log"; then
		die "compiler warnings"
	fi
	echo uml >>"$dir/built"
}

run_uml()
{
	local status=0

	built uml || build_uml
	rm -f "$dir/uml/finished"
	# As above.
	{ uml_run "$dir/uml" "$LIMIT" kunit.filter_glob="$2"; } 2>/dev/null ||
		status=$?
	[ "$status" -ne 0 ] || [ -e "$dir/uml/finished" ] || status=1
	cp "$dir/uml/console.log" "$log"
	echo "$status" >"$log.end"
}

run_smp()
{
	local kernel=${1#smp-} status=0

	OUT=$dir "$tree/tools/vm/smp.sh" -s 0 -f "$2" "$kernel:2" >"$log.say" 2>&1 ||
		status=$?
	! grep 'the guest hung or died' "$log.say" >/dev/null || status=124
	cp "$dir/smp/$kernel-2/console.log" "$log"
	echo "$status" >"$log.end"
}

# The first case of a log that has failed, as SUITE.CASE, and of one that has
# parameters, which; or that was about to fail when the log ended.
first_failure()
{
	sed 's/^\[[ 0-9.]*\] //' "$1" | awk '
		/^    # Subtest: / { suite = $3 }
		/^        # Subtest: / { test = $3 }
		/ (EXPECTATION|ASSERTION) FAILED at / && !failed {
			failed = suite "." substr($2, 1, length($2) - 1)
		}
		/^        not ok / {
			sub(/^ *not ok [0-9]* /, "")
			failed = suite "." test " (" $0 ")"
			exit
		}
		/^    not ok / { failed = suite "." $4; exit }
		END { if (failed) print failed }'
}

# What a sanitizer, or an assertion, says first.
first_complaint()
{
	grep -hoE -m 1 'SUMMARY: .*|runtime error: .*' "$1" |
		sed "s|SUMMARY: ||; s|$tree/||" | grep . ||
		bad_lines "$1" | sed 's/^[^ ]* //; s/^\[[ 0-9.]*\] //' | head -n 1
}

# What a status says that is not 0.
abort()
{
	if [ "$1" -gt 128 ]; then
		echo "an abort by SIG$(kill -l "$1")"
	else
		echo "status $1"
	fi
}

# Why the suites have not passed; nothing if they have.
why_failed()
{
	local status why

	[ -e "$log.end" ] || { echo "did not run (log: $log*)"; return; }
	status=$(cat "$log.end")
	why=$(first_failure "$log")
	[ -n "$why" ] || why=$(first_complaint "$log")
	case $status in
	124|137) why+="${why:+, then }a hang" ;;
	0)	[ -n "$why" ] || grep -qE '^(\[[ 0-9.]*\] )?ok ' "$log" ||
			why="no suite at all" ;;
	*)	why=${why:-$(abort "$status")} ;;
	esac
	echo "$why"
}

# try LANE SUITES NAME: set $why, and $took in seconds. Not to be called in a
# condition, where bash would go on after whatever fails.
try()
{
	local begin=$SECONDS

	log=$dir/$3-$1-${2//[^a-z_]/}.log
	rm -f "$log"*
	set +e
	(set -e; "run_${1%-*}" "$1" "$2")
	set -e
	why=$(why_failed)
	took=$((SECONDS - begin))
}

# === Bugs ===

# finders PATCH: "LANE SUITES" lines, of the lanes wanted.
finders()
{
	sed -n 's/^Found-by: \([^:]*\):\(.*\)$/\1 \2/p' "$1" |
		while read -r lane suites; do
			[[ " $lanes " != *" $lane "* ]] || echo "$lane $suites"
		done
}

# Each patch names lanes that there are, and two that differ in more than a variant.
check_patch()
{
	local lane
	local -A kinds=()

	while read -r lane; do
		[[ " $LANES " == *" $lane "* ]] || die "${1##*/}: no lane $lane"
		kinds[${lane%-*}]=yes
	done < <(sed -n 's/^Found-by: \([^:]*\):.*/\1/p' "$1")
	[ "${#kinds[@]}" -ge 2 ] || die "${1##*/}: not for two lanes to find"
}

# What make is to compile anew gets a new time.
patch_tree()
{
	patch -p1 -s --fuzz=0 --no-backup-if-mismatch -d "$tree" "${@:2}" <"$1" ||
		die "${1##*/} does not apply"
	sed -n 's|^+++ b/||p' "$1" | while read -r file; do
		touch "$tree/$file"
	done
	: >"$dir/built"
}

declare -A sound		# by "LANE SUITES": do they pass without a bug?

without_bug()
{
	local lane suites

	while read -r lane suites; do
		try "$lane" "$suites" none </dev/null
		sound["$lane $suites"]=$([ -n "$why" ] || echo yes)
		say "no bug: $lane: ${why:-$suites passes} ($took s)"
	done < <(for patch; do finders "$patch"; done | sort -u)
}

# with_bug PATCH: set $good, if all lanes have found it.
with_bug()
{
	local name lane suites

	good=yes
	name=$(basename "$1" .patch)
	patch_tree "$1"
	while read -r lane suites; do
		try "$lane" "$suites" "$name" </dev/null
		if [ -z "$why" ] || [ ! -e "$log.end" ]; then
			say "$name: $lane: NOT FOUND: ${why:-$suites passes} ($took s)"
			good=
		elif [ -z "${sound["$lane $suites"]}" ]; then
			say "$name: $lane: NOT FOUND: fails without it, too"
			good=
		else
			say "$name: $lane: found by $why ($took s)"
		fi
	done < <(finders "$1")
	patch_tree "$1" -R
}

lanes=$LANES
while getopts l: option; do
	case $option in
	l) lanes=$OPTARG ;;
	*) die "usage: bugs.sh [-l LANES] [NUMBER...]" ;;
	esac
done
shift $((OPTIND - 1))

patches=()
for number in "${@:-}"; do
	for patch in "$BUGS/$number"*.patch; do
		[ -e "$patch" ] || die "no bug $number"
		check_patch "$patch"
		patches+=("$patch")
	done
done

"$TOP/tools/vm/setup.sh"
mkdir -p "$dir"
# An object may be of a bug that a run has ended in the middle of.
copy_tree "$tree"
touch "$tree"/vmem/*.c
: >"$dir/built"

found=0 not=0
without_bug "${patches[@]}"
for patch in "${patches[@]}"; do
	[ -n "$(finders "$patch")" ] || continue
	with_bug "$patch"
	if [ "$good" ]; then
		found=$((found + 1))
	else
		not=$((not + 1))
	fi
done
echo "bugs: $found found, $not not"
[ "$found" -gt 0 ] && [ "$not" -eq 0 ]
