#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boot a kernel in QEMU and wait until it has powered itself off.
#
#	qemu.sh -k KERNEL -i INITRAMFS -o DIR [-t SECONDS] [-c CPUS] [-m MIB]
#		[-a APPEND] [-- QEMU OPTIONS]
#
#	-t	after how long the guest is given up and ended (default: 120)
#	-a	more of the kernel's command line
#
# Leaves DIR/console.log, what the kernel said (first serial port), and
# DIR/results.log, what user space said (second serial port): apart, so that
# neither tears the other's lines. Exit status 0 means that the guest went down
# by itself; whether it was happy is for the caller to read.
#
# QEMU_ACCEL overrides the choice of the accelerator. To count instructions:
#
#	QEMU_ACCEL=tcg,thread=single qemu.sh ... -- -icount shift=0,sleep=off

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

QEMU=qemu-system-x86_64

usage()
{
	die "usage: qemu.sh -k KERNEL -i INITRAMFS -o DIR [-t SECONDS]" \
		"[-c CPUS] [-m MIB] [-a APPEND] [-- QEMU OPTIONS]"
}

# /dev/kvm may exist and be of no use: the firmware gets along, the kernel does
# not. So let it boot this very kernel, without a root file system: it panics,
# which ends QEMU, within a second or two.
kvm_works()
{
	local log verdict=1

	[ -w /dev/kvm ] || return 1
	log=$(mktemp)
	timeout --foreground -k 1 15 "$QEMU" -accel kvm -cpu max -m 512 \
		-display none -nodefaults -no-reboot -serial file:"$log" \
		-kernel "$kernel" -append "console=ttyS0 panic=-1" \
		</dev/null >/dev/null 2>&1 || true
	grep -q 'Kernel panic.*root fs' "$log" && verdict=0
	rm "$log"
	return "$verdict"
}

accelerator()
{
	if [ -n "${QEMU_ACCEL:-}" ]; then
		echo "$QEMU_ACCEL"
	elif kvm_works; then
		echo kvm
	else
		echo tcg,thread=multi
	fi
}

# A panic ends the guest: the kernel reboots at once, QEMU does not.
boot()
{
	timeout --foreground -k 5 "$limit" "$QEMU" \
		-accel "$accel" -cpu max -smp "$cpus" -m "$memory" \
		-display none -monitor none -nodefaults -no-reboot \
		-serial file:"$dir/console.log" \
		-serial file:"$dir/results.log" \
		-kernel "$kernel" -initrd "$initramfs" \
		-append "console=ttyS0 panic=-1 $append" "$@" \
		</dev/null >"$dir/qemu.log" 2>&1
}

kernel='' initramfs='' dir='' append='' limit=120 cpus=2 memory=512
while getopts k:i:o:t:c:m:a: option; do
	case $option in
	k) kernel=$OPTARG ;;
	i) initramfs=$OPTARG ;;
	o) dir=$OPTARG ;;
	t) limit=$OPTARG ;;
	c) cpus=$OPTARG ;;
	m) memory=$OPTARG ;;
	a) append=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ -n "$dir" ] || usage
[ -r "$kernel" ] || die "qemu: no kernel: $kernel"
[ -r "$initramfs" ] || die "qemu: no initramfs: $initramfs"

mkdir -p "$dir"
rm -f "$dir"/{console,results,qemu}.log
accel=$(accelerator)
say "qemu: booting $(basename "$kernel") ($accel, $cpus CPUs)"
status=0
boot "$@" || status=$?
touch "$dir"/{console,results}.log
sed -i 's/\r*$//' "$dir"/{console,results}.log
case $status in
0)	say "qemu: guest went down by itself" ;;
124|137) die "qemu: guest still running after $limit s (log: $dir/console.log)" ;;
*)	cat "$dir/qemu.log" >&2
	die "qemu: ended with status $status (log: $dir/qemu.log)" ;;
esac
