#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzzing of the library in a process: fuzz-ops.c, operations on arenas, and
# fuzz-place.c, the arithmetic of vmem_place(), driven by clang's libFuzzer.
#
#	fuzz.sh replay		the corpus, with everything checked after each operation
#	fuzz.sh new SECONDS	go on from there; what is new is added to
#				$OUT/user/fuzz/corpus, not to the tree
#	fuzz.sh repeat FILE	one input, with its operations printed
#
# An input that fails is kept as $OUT/user/fuzz/crash-*. To make what has been found
# part of the tree: fuzz.sh merge.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../vm/common.sh"

HERE=$TOP/tools/testing/vmem
DIR=$OUT/user/fuzz
CORPUS=$HERE/corpus

# As large as an input may be.
declare -A MAX=([ops]=400 [place]=64)

# Of the time, so many parts each: with sanitizers, and without, which is faster.
PARTS="fuzz ops 4
fuzzfast ops 5
fuzz place 1"

# How long until there is a line of progress.
SLICE=60

LIMITS=(-timeout=30 -rss_limit_mb=4096)
export ASAN_OPTIONS=quarantine_size_mb=16:${ASAN_OPTIONS:-}

usage()
{
	die "usage: fuzz.sh replay | new SECONDS | repeat FILE | merge"
}

# build VARIANT...
build()
{
	local variant

	command -v clang >/dev/null || die "no clang (packages clang, libclang-rt-dev)"
	for variant; do
		quietly "$OUT/user/$variant.log" make -C "$HERE" -j"$JOBS" OUT="$OUT" \
			VARIANT="$variant" CC=clang \
			"$OUT/user/$variant/fuzz-ops" "$OUT/user/$variant/fuzz-place"
	done
}

inputs=0 operations=0 crashes=0

# keep LOG TARGET: what input was it? libFuzzer has written it, or else read it.
keep()
{
	local file

	file=$(sed -n 's/.*Test unit written to //p' "$1" | tail -n 1)
	if [ -z "$file" ]; then
		file=$(sed -n 's/^Running: //p' "$1" | tail -n 1)
		[ -e "$file" ] || return 0
		cp "$file" "$DIR/crash-$2-${file##*/}"
		file=$DIR/crash-$2-${file##*/}
	fi
	say "repeat it: tools/testing/vmem/fuzz.sh repeat $file" >&2
}

# run NAME VARIANT TARGET ARGUMENT...: add up what it says that it has done.
run()
{
	local log=$DIR/$1.log program=$OUT/user/$2/fuzz-$3 target=$3 sum

	shift 3
	"$program" "${LIMITS[@]}" -artifact_prefix="$DIR/crash-$target-" "$@" \
		>"$log" 2>&1 || {
		crashes=$((crashes + 1))
		grep -E "^fuzz-$target: |ERROR: |runtime error: |^BUG" "$log" |
			head -n 5 >&2 || tail -n 20 "$log" >&2
		keep "$log" "$target"
	}
	sum=$(sed -n "s/^fuzz-$target: \([0-9]*\) inputs, \([0-9]*\) operations$/\1 \2/p" \
		"$log" | tail -n 1)
	[ -n "$sum" ] || return 0
	inputs=$((inputs + ${sum% *}))
	operations=$((operations + ${sum#* }))
}

replay()
{
	local target files

	build fuzz
	for target in ops place; do
		files=("$CORPUS/$target"/*)
		[ -e "${files[0]}" ] || die "no corpus in $CORPUS/$target"
		say "fuzz: replaying ${#files[@]} inputs of fuzz-$target"
		VMEM_FUZZ=strict run "replay-$target" fuzz "$target" "${files[@]}"
	done
	say "fuzz: $inputs inputs replayed, $operations operations, $crashes crashes"
}

# fuzz_part VARIANT TARGET SECONDS
fuzz_part()
{
	local new=$DIR/corpus/$2 left=$3 slice

	mkdir -p "$new"
	while [ "$left" -gt 0 ] && [ "$crashes" -eq 0 ]; do
		slice=$((left < SLICE ? left : SLICE))
		run "$1-$2" "$1" "$2" -max_total_time="$slice" -max_len="${MAX[$2]}" \
			-entropic=0 -len_control=0 "$new" "$CORPUS/$2"
		left=$((left - slice))
		say "fuzz: $1-$2, $left s left: $inputs inputs, $operations operations," \
			"$(find "$new" -type f | wc -l) new in the corpus"
	done
}

new()
{
	local variant target parts

	[[ $1 =~ ^[0-9]+$ ]] || usage
	build fuzz fuzzfast
	while read -r variant target parts; do
		fuzz_part "$variant" "$target" $((($1 * parts + 9) / 10))
	done <<<"$PARTS"
	say "fuzz: $inputs inputs run, $operations operations, $crashes crashes"
}

repeat()
{
	local target=ops

	[ -r "$1" ] || die "no such file: $1"
	[[ $1 != *place* ]] || target=place
	build fuzz
	VMEM_FUZZ=print "$DIR/fuzz-$target" "$1"
}

# The smallest corpus that covers as much as the old and the new one do.
merge()
{
	local target dir

	build fuzz
	for target in ops place; do
		dir=$DIR/merged-$target
		rm -rf "$dir"
		mkdir -p "$dir" "$CORPUS/$target" "$DIR/corpus/$target"
		quietly "$DIR/merge.log" "$DIR/fuzz-$target" -merge=1 \
			-max_len="${MAX[$target]}" "$dir" "$CORPUS/$target" \
			"$DIR/corpus/$target"
		rm -rf "${CORPUS:?}/$target"
		mv "$dir" "$CORPUS/$target"
		say "fuzz: $(find "$CORPUS/$target" -type f | wc -l) inputs of fuzz-$target"
	done
}

case ${1:-} in
replay|merge)
	[ $# -eq 1 ] || usage
	"$1"
	;;
new|repeat)
	[ $# -eq 2 ] || usage
	"$1" "$2"
	;;
*)
	usage
esac
[ "$crashes" -eq 0 ]
