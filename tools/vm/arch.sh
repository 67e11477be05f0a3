#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lane "arch": the KUnit suites on CPUs that are no x86_64, in QEMU: of 64 bits with
# a weak memory order (arm64), and of 32 bits with physical addresses of 64 (i386).
# QEMU translates their instructions, and keeps stores in the order of a PC.
#
#	arch.sh [-c CPUS] [-f GLOB] [KERNEL...]
#
#	-c	of the guest (default: 2)
#	-f	the suites, as kunit.filter_glob has it

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/kernel.sh"
# shellcheck source=tools/vm/suites.sh
. "$(dirname "${BASH_SOURCE[0]}")/suites.sh"

KERNELS=(arm64 i386)
PACKAGES=(gcc-aarch64-linux-gnu qemu-system-arm)

# Operations of a random test. As many as elsewhere, checked as here and translated,
# would take five minutes: each is checked against all there is.
OPS=2000

# After so many seconds a guest is given up.
LIMIT=1500

usage()
{
	die "usage: arch.sh [-c CPUS] [-f GLOB] [${KERNELS[*]}]..."
}

# All of vmem again, with more warnings and through sparse.
check_warnings()
{
	local log=$dir/warnings.log

	if ! kernel_again "$lane" "$log" W=1 C=2 CF=-D__CHECK_ENDIAN__ lib/vmem/; then
		tail -n 30 "$log"
		fail "vmem does not build with W=1 C=2 (log: $log)"
	elif ! grep 'CHECK .*/vmem/arena\.c' "$log" >/dev/null; then
		fail "sparse has not seen vmem (log: $log)"
	elif grep -E '/lib/vmem/[^:]*:.* (warning|error):' "$log"; then
		fail "vmem builds with warnings (log: $log)"
	else
		say "$lane: no warning of gcc or sparse"
		passed=$((passed + 1))
	fi
}

# Without a first process: KUnit ends the guest.
boot()
{
	local append="kunit_shutdown=poweroff kunit.filter_glob=$suites"

	append+=" vmem_kunit.ops=$OPS"
	"$TOP/tools/vm/qemu.sh" -A "$1" -k "$dir/$(basename "$(kernel_image "$1")")" \
		-o "$dir" -c "$cpus" -m "$memory" -t "$LIMIT" -a "$append" ||
		fail "the guest hung or died"
}

# said REGEX WHAT: did the kernel say that it is what we wanted?
said()
{
	grep -E "$1" "$dir/console.log" >/dev/null || fail "$2"
}

check()
{
	check_suites "$dir/console.log" "$dir/suites.log"
	said 'reboot: Power down' "the guest did not finish (log: $dir/console.log)"
	said "Brought up 1 node, $cpus CPUs" "the guest did not have $cpus CPUs"
	said 'Lock dependency validator' "lockdep is off"
	case $1 in
	arm64)	said 'KernelAddressSanitizer initialized' "KASAN is off" ;;
	i386)	said '[1-9][0-9]+MB HIGHMEM available' "all memory is within reach" ;;
	esac
	check_clean "$dir/console.log"
}

cpus=2
suites='vmem*'
while getopts c:f: option; do
	case $option in
	c) cpus=$OPTARG ;;
	f) suites=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- "${KERNELS[@]}"
for kernel; do
	[ -e "$TOP/tools/vm/config/arch-$kernel.config" ] || usage
done

rm -rf "$OUT/arch"
"$TOP/tools/vm/setup.sh" "${PACKAGES[@]}"
for kernel; do
	lane=arch-$kernel
	dir=$OUT/arch/$kernel
	mkdir -p "$dir"
	case $kernel in
	arm64)	memory=1024 ;;
	i386)	memory=5120 ;;		# some of it beyond 4 GiB
	esac
	kernel_build "$kernel" "$lane" "$dir" \
		"kunit.config arch.config arch-$kernel.config"
	boot "$kernel"
	check "$kernel"
	check_warnings
done
lane=arch
verdict arch "$passed" "$failed" "$skipped"
