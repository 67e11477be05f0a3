#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boot a kernel in QEMU and wait until it has powered itself off.
#
#	qemu.sh -k KERNEL [-i INITRAMFS] -o DIR [-A ARCH] [-t SECONDS] [-c CPUS]
#		[-m MIB] [-a APPEND] [-- QEMU OPTIONS]
#
#	-A	x86_64 (default), i386 or arm64, of which the kernel is
#	-i	not for a kernel that ends by itself, without a first process
#	-t	after how long the guest is given up and ended (default: 120)
#	-a	more of the kernel's command line
#
# Leaves DIR/console.log, what the kernel said (first serial port), and
# DIR/results.log, what user space said (second serial port, which arm64 has not):
# apart, so that neither tears the other's lines. Exit status 0 means that the
# guest went down by itself; whether it was happy is for the caller to read.
#
# QEMU_ACCEL overrides the choice of the accelerator. To count instructions:
#
#	QEMU_ACCEL=tcg,thread=single qemu.sh ... -- -icount shift=0,sleep=off

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage()
{
	die "usage: qemu.sh -k KERNEL [-i INITRAMFS] -o DIR [-A ARCH]" \
		"[-t SECONDS] [-c CPUS] [-m MIB] [-a APPEND] [-- QEMU OPTIONS]"
}

# The emulator of an architecture, with its machine; what the kernel calls the
# serial port.
choose_machine()
{
	case $arch in
	x86_64)	qemu=(qemu-system-x86_64) port=ttyS0 ;;
	i386)	qemu=(qemu-system-i386) port=ttyS0 ;;
	arm64)	qemu=(qemu-system-aarch64 -machine virt) port=ttyAMA0 ;;
	*)	die "qemu: no machine for $arch" ;;
	esac
}

# /dev/kvm may exist and be of no use: the firmware gets along, the kernel does
# not. So let it boot this very kernel, without tests and a root file system: it
# panics, which ends QEMU, within a second or two.
kvm_works()
{
	local log verdict=1

	[ -w /dev/kvm ] || return 1
	log=$(mktemp)
	timeout --foreground -k 1 15 "${qemu[@]}" -accel kvm -cpu max -m 512 \
		-display none -nodefaults -no-reboot -serial file:"$log" \
		-kernel "$kernel" \
		-append "console=$port panic=-1 kunit.enable=0" \
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
	timeout --foreground -k 5 "$limit" "${qemu[@]}" \
		-accel "$accel" -cpu max -smp "$cpus" -m "$memory" \
		-display none -monitor none -nodefaults -no-reboot \
		-serial file:"$dir/console.log" \
		-serial file:"$dir/results.log" \
		-kernel "$kernel" ${initramfs:+-initrd "$initramfs"} \
		-append "console=$port panic=-1 $append" "$@" \
		</dev/null >"$dir/qemu.log" 2>&1
}

kernel='' initramfs='' dir='' append='' arch=x86_64 limit=120 cpus=2 memory=512
while getopts k:i:o:A:t:c:m:a: option; do
	case $option in
	k) kernel=$OPTARG ;;
	i) initramfs=$OPTARG ;;
	o) dir=$OPTARG ;;
	A) arch=$OPTARG ;;
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
[ -z "$initramfs" ] || [ -r "$initramfs" ] ||
	die "qemu: no initramfs: $initramfs"

mkdir -p "$dir"
rm -f "$dir"/{console,results,qemu}.log
choose_machine
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
