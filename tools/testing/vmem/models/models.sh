#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The models of how sleepers are woken and magazines drained, searched by spin
# through all their states; and their broken variants, in each of which spin has
# to find what is wrong. Each search counts as one test.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../vm/common.sh"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$OUT/models
passed=0
failed=0

# The broken variants, each with the arrangement in which it is found.
BROKEN="
sleep	BUG_REGISTER_AFTER_RETRY
sleep	BUG_FORGET_AFTER_RETRY
sleep	BUG_NO_DRAIN
sleep	BUG_NO_BARRIER_SLEEPER
sleep	BUG_NO_BARRIER_LOAD
sleep	BUG_LOAD_UNCHECKED
sleep	BUG_DEPOT_UNCHECKED
sleep	BUG_DEPOT_PEEK
sleep	BUG_WAKE_BEFORE_FREE
sleep	BUG_WAKE_ONE
sleep	BUG_KILLED_STAYS
sleep	BUG_REGISTER_HERE CHAIN
sleep	BUG_DRAIN_HERE CHAIN
sleep	BUG_SILENT_IMPORT CHAIN
sleep	BUG_SILENT_RELEASE CHAIN
drain	BUG_ENTER_NOT_EXCLUSIVE
drain	BUG_LOOK_BEFORE_ENTER
drain	BUG_PREEMPTIBLE
drain	BUG_DRAIN_REMOTE
drain	BUG_DRAIN_ONCE
drain	BUG_LOAD_UNCHECKED
drain	BUG_NO_DISCHARGE
drain	BUG_KEEP_PREVIOUS
drain	BUG_NO_CALLBACK HOTPLUG
drain	BUG_CALLBACK_EARLY HOTPLUG
drain	BUG_HOTPLUG_TWICE HOTPLUG
"

# search OPTIMIZE MODEL MACRO...: generate, build and run in $log. Called where a
# failure ends nothing, hence the chain.
search()
{
	local optimize=$1 model=$2 macros=("${@:3}")

	rm -rf "$log" &&
		mkdir -p "$log" &&
		cd "$log" &&
		cp "$here/$model.pml" . &&
		spin -a "${macros[@]/#/-D}" "$model.pml" >build.log 2>&1 &&
		# What spin generates is not written for compilers of today.
		gcc -w "$optimize" -DSAFETY -o pan pan.c >>build.log 2>&1 &&
		./pan -m20000 >pan.log 2>&1
}

# number WORDS: the one that stands before these in the log.
number()
{
	awk -v words="$1" 'index($0, words) && !done { print $1; done = 1 }' \
		"$log/pan.log"
}

# Every state has been seen, and nothing was wrong.
complete()
{
	grep -q '^Full statespace search' "$log/pan.log" &&
		grep -q 'errors: 0$' "$log/pan.log" &&
		! grep -qE 'not completed|too small|out of memory|aborted' \
			"$log/pan.log"
}

# A property did not hold, and there is a trail of how that came about.
caught()
{
	grep -qE '^pan:1: (assertion violated|invalid end state)' \
		"$log/pan.log" && compgen -G "$log/*.trail" >/dev/null
}

# How far it has got, and in what time since $1
figures()
{
	echo "$(number 'states, stored') states," \
		"$(number transitions) transitions," \
		"depth $(grep -oP 'depth reached \K[0-9]+' "$log/pan.log")," \
		"$(awk -v a="$1" -v b="$EPOCHREALTIME" \
			'BEGIN { printf "%.1f", b - a }') s"
}

# test_of EXPECTED OPTIMIZE MODEL MACRO...: search, and count it as passed if
# EXPECTED, a function, says so of the log.
test_of()
{
	local name="${*:3}" start=$EPOCHREALTIME text="no search" log

	log=$dir/${name// /-}
	if (search "${@:2}"); then
		text=$(figures "$start")
		if "$1"; then
			passed=$((passed + 1))
			say "models: $name: $text: $1"
			return
		fi
	fi
	failed=$((failed + 1))
	tail -n 20 "$log"/*.log || true
	say "models: $name: $text: FAILED, not $1 (in $log)"
}

# Is each variant that a model knows tried here, and the other way round?
all_listed()
{
	diff <(grep -o '\<BUG_[A-Z_]*[A-Z]' "$here/$1.pml" | sort -u) \
		<(awk -v model="$1" '$1 == model { print $2 }' <<<"$BROKEN" | sort) \
		>&2 || die "models: variants of $1.pml are not those of models.sh"
}

command -v spin >/dev/null || die "models: no spin"
all_listed sleep
all_listed drain

# To optimize what is made of drain.pml takes longer than to run it.
test_of complete -O1 sleep
test_of complete -O1 sleep VISITOR
test_of complete -O1 sleep CHAIN
test_of complete -O1 sleep CHAIN VISITOR
test_of complete -O0 drain
test_of complete -O0 drain HOTPLUG
while read -r model macros; do
	[ -n "$model" ] || continue
	# shellcheck disable=SC2086 # several macros
	test_of caught -O0 "$model" $macros
done <<<"$BROKEN"

echo "models: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
