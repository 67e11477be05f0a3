#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lane "debian": vmem.ko and a driver linked against it, built with the headers
# of stock Debian kernels, loaded, used and unloaded on them. Then, in a guest of
# its own, every call in every context, by the module vmem_contexts, and requests that
# fail on purpose.
#
#	debian.sh [KERNEL...]	default: all of KERNELS, names as in setup.sh

# shellcheck source=tools/vm/stock.sh
. "$(dirname "${BASH_SOURCE[0]}")/stock.sh"

KERNELS=(6.12 6.12-rt 6.1)
SKIPPED=0

# built KERNEL WHAT: show why, if not.
built()
{
	local log

	log=$(stock_dir "$1")/$2.log
	if ! "build_$2" "$1"; then
		tail -n 30 "$log" >&2
		return 1
	fi
	no_warnings "$log"
}

# === Short samples, which the demonstration has time for as well ===

built_samples()
{
	built "$1" hello && built "$1" porting
}

# sample_says KERNEL SAMPLE: what is in its log.txt, line by line.
sample_says()
{
	console "$1" | sed -nE "s/^\[ *[0-9.]+\] ($2: .*)/\1/p" |
		diff - "$TOP/samples/$2/log.txt"
}

SAMPLE_PROPERTIES='
hello is loaded and unloaded;	step_ok sample-hello
hello has its numbers;		sample_says hello
porting is loaded and unloaded;	step_ok sample-porting
porting has its channels;	sample_says porting
'

# === Every call in every context ===

# The guest before this one is kept for who wants to see what went wrong.
boot_contexts()
{
	local dir

	dir=$(stock_dir "$1")
	rm -rf "$dir/guest-demo"
	mv "$dir/guest" "$dir/guest-demo"
	rm -rf "$dir/samples"
	mkdir -p "$dir/samples/lessons"
	cp "$dir"/vmem/samples/lessons/*.ko "$dir/samples/lessons"
	boot_guest "$1" contexts "vmem/vmem_contexts.ko vmem/vmem_fail.ko samples"
}

# ktap KERNEL: the plan and the results.
ktap()
{
	console "$1" |
		sed -nE 's/^\[ *[0-9.]+\] (1\.\.[0-9]+|(not )?ok [0-9]+ .*)$/\1/p'
}

# count_cells KERNEL: "passed failed skipped missing". Each number of the plan has one
# line, and no other number has any.
count_cells()
{
	ktap "$1" | awk '
		/^1\.\./	{ plan = 0 + substr($0, 4); plans++; next }
		/^not ok/	{ seen[$3]++; failed++; lines++; next }
				{ seen[$2]++; lines++ }
		/# SKIP/	{ skipped++ }
		END {
			for (nr = 1; nr <= plan; nr++)
				missing += seen[nr] != 1
			if (plans != 1 || lines != plan || !plan)
				missing += !missing
			print lines - failed - skipped, failed + 0,
			      skipped + 0, missing + 0
		}'
}

check_cells()
{
	local good bad skipped missing

	read -r good bad skipped missing < <(count_cells "$1")
	say "  cells   $good passed, $bad failed, $skipped skipped, $missing missing"
	if [ $((bad + missing)) -gt 0 ]; then
		complain "debian: cells of $1: $bad failed, $missing missing"
		console "$1" | grep -E '\] (not ok|# .*context[a-z_]*\.c:)' || true
	fi
	PASSED=$((PASSED + good))
	FAILED=$((FAILED + bad + missing))
	SKIPPED=$((SKIPPED + skipped))
}

# What cannot be is known before, so that nothing else goes without a test.
skips_expected()
{
	local reasons='may not sleep'

	[[ $1 != *-rt ]] || reasons+='|illegal on PREEMPT_RT'
	! ktap "$1" | grep '# SKIP' | grep -vE "# SKIP ($reasons)$"
}

# With vmem_fail.ko, requests fail as fail_vmem says: of 100 that are cached, and of
# 100 that are not.
fail_sane()
{
	[ "$(shown "$1" fail)" = "\
off: 0 0
1,100,0,-1: 100 100
2,100,0,-1: 50 50
1,100,0,5: 5 0
1,100,50,-1: 51 100
1,0,0,-1: 0 0
nonsense: refused 1,0,0,-1" ]
}

# One arena is left, whose module has gone; vmem counts it, and no module as a user.
arena_left()
{
	[ "$(shown "$1" left | wc -l)" -eq 3 ] &&
		shown "$1" left | grep -w 'left behind' >/dev/null &&
		[ "$(shown "$1" users)" = "1 -" ]
}

# === Lessons ===

# said_by MODULE FILE: its lines in a log, or in the manual, which shows them indented.
said_by()
{
	sed -nE "s/^(\\[ *[0-9.]+\\]|   ) ($1: .*)\$/\\2/p" "$2"
}

# Each lesson comes and goes, and says word for word what the manual says it does.
lessons_as_told()
{
	local dir source module told bad=0

	dir=$(stock_dir "$1")
	for source in "$TOP"/samples/lessons/*.c; do
		module=vmem_$(basename "$source" .c)
		told=$(said_by "$module" "$TOP/Documentation/core-api/vmem-samples.rst")
		if [ -z "$told" ] || ! step_ok "$1" "load-$module" ||
			! step_ok "$1" "unload-$module" ||
			! diff <(echo "$told") \
				<(said_by "$module" "$dir/guest/console.log")
		then
			echo "lessons: $module"
			bad=1
		fi
	done
	[ "$bad" -eq 0 ]
}

CONTEXT_PROPERTIES='
contexts load;			step_ok load-contexts
shrinkers are called;		step_ok reclaim
only what cannot be is skipped;	skips_expected
contexts unload;		step_ok unload-contexts
contexts leave no arena;	no_arenas afterwards
lessons say what the manual shows;	lessons_as_told
lessons leave no arena;	no_arenas lessons-left
requests fail as fail_vmem says;	fail_sane
vmem unloads after contexts;	step_ok unload-vmem
an arena is left on purpose;	step_ok unload-leaver
it is there, without a user;	arena_left
vmem is not unloaded with it;	step_ok unload-vmem-with-arena
guest powers off by itself;	step_ok finished
kernel log is clean;		log_clean
taint is 12288 only;		taint_clean
'

# === The lane ===

# A guest that could not be had, or hangs, fails whatever is asked of it.
lane()
{
	say "debian: kernel $1 ($(stock_release "$1"))"
	check "vmem.ko and its tests build without warnings" built "$1" vmem
	check "driver builds without warnings" built "$1" driver
	check "samples build without warnings" built_samples "$1"
	boot_demo "$1" "hello/hello.ko porting/porting.ko" || say "  $1: the guest did not come to its end"
	check_guest "$1"
	PROPERTIES=$SAMPLE_PROPERTIES check_guest "$1"
	boot_contexts "$1" || say "  $1: the guest did not come to its end"
	check_cells "$1"
	PROPERTIES=$CONTEXT_PROPERTIES check_guest "$1"
}

"$VM/setup.sh"
[ $# -gt 0 ] || set -- "${KERNELS[@]}"
for kernel; do
	lane "$kernel"
done
verdict debian "$PASSED" "$FAILED" "$SKIPPED"
