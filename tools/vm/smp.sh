#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lane "smp": the KUnit suites that need several CPUs, on several CPUs of a PC in
# QEMU, by kernels that look for data races (kcsan) and for locks and accesses that
# are wrong (lockdep). The two exclude each other.
#
#	smp.sh [-s SECONDS] [-f GLOB] [KERNEL:CPUS...]
#
#	-s	of stress, shared by all boots (default: SMP_SECONDS, or 60)
#	-f	the suites, as kunit.filter_glob has it, in all boots
#
# For instance, an hour of looking for races: smp.sh -s 3600 -f vmem_stress kcsan:4

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/kernel.sh"
# shellcheck source=tools/vm/suites.sh
. "$(dirname "${BASH_SOURCE[0]}")/suites.sh"

BOOTS=(kcsan:2 lockdep:2 kcsan:4 lockdep:4)

# KUnit has one pattern: this is for threads, pairs, qcache, stress and wait. That
# stats and walk match, too, does no harm.
declare -A SUITES=([kcsan]='vmem_[pqstw][acht]*')

# And for contexts, kernel_memory and managed, as there is DMA here, which UML has not;
# memory would take long.
SUITES[lockdep]='vmem_[ckmpqstw][aehotc][!m]*'

# A kernel that is booted once more, with more CPUs than the machine has perhaps, runs
# stress and wait, and again two that do no harm. The others would take minutes.
FEW_SUITES='vmem_[sw]*'

# Stress comes in several runs: at boot, and then with memory that fails, which is
# done in two ways. KUnit gives a case five minutes, and the suite has five.
MIN_RUNS=3
MAX_SECONDS=300

# After so many seconds, stress aside, a guest is given up.
LIMIT=1200

# Watch what touches our data, and nothing else: the strict rules of KCSAN are not
# those of all the kernel around us, and time is better spent here. Locks and what
# else orders accesses takes part by its barriers. trace.o is what the kernel's macros have
# made of events: they read the state of an event without a lock, while it is turned off.
# shellcheck disable=SC2016 # make's variables
SCOPE=(
	'OURS=$(filter lib/vmem lib/vmem/%,$(obj))'
	'KASAN_SANITIZE=$(if $(OURS),y,n)'
	'KASAN_SANITIZE_rbtree.o=y'
	'KCSAN_SANITIZE=$(if $(OURS),y,n)'
	'KCSAN_SANITIZE_rbtree.o=y'
	'KCSAN_SANITIZE_vmem/trace.o=n'
	'KCSAN_INSTRUMENT_BARRIERS=$(if $(filter $(BARRIERS),$(obj)),y,n)'
	'BARRIERS=kernel kernel/locking kernel/rcu kernel/sched kernel/time lib mm'
)

usage()
{
	die "usage: smp.sh [-s SECONDS] [-f GLOB] [kcsan:CPUS|lockdep:CPUS]..."
}

# build KERNEL: into $OUT/smp/KERNEL.
build()
{
	local dir=$OUT/smp/$1

	mkdir -p "$dir"
	kernel_build x86_64 "smp-$1" "$dir" \
		"kunit.config smp.config smp-$1.config" "${SCOPE[@]}"
}

# boot KERNEL CPUS SUITES: run them, then guest/kunit. Results are in $dir. Caches of
# slab objects that are vmem's must not be others', too, as what they have may fail.
boot()
{
	local append="tsc=reliable slab_nomerge kunit.filter_glob=$3"

	append+=" vmem_kunit.stress_seconds=$((stress / runs))"
	append+=" VMEM_AGAIN=$((runs - 1))"
	"$TOP/tools/vm/initramfs.sh" "$dir/initramfs.cpio.gz" \
		"$TOP/tools/vm/guest/kunit"
	"$TOP/tools/vm/qemu.sh" -k "$OUT/smp/$1/bzImage" \
		-i "$dir/initramfs.cpio.gz" -o "$dir" -c "$2" -m 1024 \
		-t $((LIMIT + 2 * stress)) -a "$append" ||
		fail "the guest hung or died"
}

# shown NAME: what the guest showed under that name.
shown()
{
	sed -n "/^@begin $1\$/,/^@end\$/p" "$dir/results.log" | sed '1d;$d'
}

# number WHAT NAME: the number after NAME in what the guest showed as WHAT.
number()
{
	shown "$1" | awk -F: -v name="$2" '
		{ gsub(/^ +/, "", $1) }
		$1 == name { n = $2 }
		END { print n + 0 }'
}

# It has set up watchpoints in great number, and was not turned off.
check_kcsan()
{
	local watched

	watched=$(number kcsan setup_watchpoints)
	if [ "$(number kcsan enabled)" -ne 1 ] || [ "$watched" -lt 1000 ]; then
		fail "kcsan is blind: $watched accesses watched"
	else
		say "$lane: $watched accesses watched by kcsan"
	fi
}

# Any complaint, ours or not, would have turned it off. Objects are no longer watched
# when there is no memory for it.
check_lockdep()
{
	if grep 'ODEBUG disabled' "$dir/console.log" >/dev/null; then
		fail "debug objects are off"
	fi
	if [ "$(number lockdep debug_locks)" -ne 1 ]; then
		fail "lockdep is off"
	elif ! shown classes | grep vmem_arenas_lock >/dev/null; then
		fail "lockdep is blind: it knows no lock of vmem"
	fi
}

# at_least N WHAT RUN: has stress had so many in that run?
at_least()
{
	local seen

	seen=$(number "failed-$3" "$2")
	[ "$seen" -ge "$1" ] || fail "stress, run $3: only $seen $2, not $1"
}

# Memory has failed in each run that was to have it fail. And debugfs was read: the
# table and the files of one arena at the least, as a slow guest gets no further.
check_failed()
{
	at_least 1 slab "$1"
	at_least 20 lines "$1"
	at_least 1000 events "$1"
}

# tally: what stress has done in this boot, "NUMBER WHAT" in the order it says so.
tally()
{
	awk '
		/# Subtest: / { stress = /vmem_stress$/ }
		stress && match($0, /# [a-z_]+: +[0-9]+ [a-z ]+$/) {
			n = what = substr($0, RSTART)
			sub(/^# [a-z_]+: +/, "", n)
			sub(/^# [a-z_]+: +[0-9]+ /, "", what)
			count(what, n + 0)
		}
		/^slab: / { count("slab objects refused", $2) }
		/^pages: / { count("pages refused", $2) }
		/^lines: / { count("lines of debugfs read", $2) }
		function count(what, n) {
			if (!(what in sum))
				name[++nr] = what
			sum[what] += n
		}
		END {
			for (i = 1; i <= nr; i++)
				print sum[name[i]], name[i]
		}' "$dir/console.log" "$dir/results.log" >"$dir/tally"
	[ ! -s "$dir/tally" ] ||
		say "$lane: stress: $(paste -sd, "$dir/tally" | sed 's/,/, /g')"
}

# check KERNEL CPUS: the boot in $dir.
check()
{
	local run

	check_suites "$dir/console.log" "$dir/suites.log"
	shown cpus | grep -x "0-$(($2 - 1))" >/dev/null ||
		fail "the guest did not have $2 CPUs"
	grep -x '@ok finished' "$dir/results.log" >/dev/null ||
		fail "the guest did not finish (log: $dir/console.log)"
	for ((run = 1; run < runs; run++)); do
		shown "again-$run" >"$dir/again-$run.log"
		check_again "$dir/again-$run.log"
		check_failed "$run"
	done
	check_clean "$dir/console.log"
	"check_$1"
	tally
}

# The sum of all boots.
sum_up()
{
	cat "$OUT"/smp/*/tally | awk '
		{ n = $1; sub(/^[0-9]+ /, ""); sum[$0] += n }
		!seen[$0]++ { name[++nr] = $0 }
		END {
			for (i = 1; i <= nr; i++)
				printf "%14d %s\n", sum[name[i]], name[i]
		}'
}

total=${SMP_SECONDS:-60}
suites=
while getopts s:f: option; do
	case $option in
	s) total=$OPTARG ;;
	f) suites=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- "${BOOTS[@]}"
for boot; do
	[[ $boot =~ ^(kcsan|lockdep):[2-8]$ ]] || usage
done
stress=$((total / $#))
runs=1
if [ "$stress" -gt 0 ]; then
	runs=$(((stress + MAX_SECONDS - 1) / MAX_SECONDS))
	[ "$runs" -ge "$MIN_RUNS" ] || runs=$MIN_RUNS
fi

rm -rf "$OUT/smp"
"$TOP/tools/vm/setup.sh"
for boot; do
	kernel=${boot%:*} cpus=${boot#*:}
	lane=smp-$kernel-$cpus
	dir=$OUT/smp/$kernel-$cpus
	mkdir -p "$dir"
	if [ -e "$OUT/smp/$kernel/bzImage" ]; then
		boot "$kernel" "$cpus" "${suites:-$FEW_SUITES}"
	else
		build "$kernel"
		boot "$kernel" "$cpus" "${suites:-${SUITES[$kernel]}}"
	fi
	check "$kernel" "$cpus"
done
lane=smp
say "smp: stress of all boots:"
sum_up
verdict smp "$passed" "$failed" "$skipped"
